# syntax=docker/dockerfile:1

FROM swift:6.3-bookworm AS builder
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpq-dev libssl-dev libargon2-dev zlib1g-dev libcurl4-openssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# Dependencies first, so that a change of the code alone does not fetch them again.
COPY Package.swift ./
RUN swift package resolve
COPY Migrations Migrations
COPY Projections Projections
COPY Sources Sources
# Tests and benchmark are not built here, but the manifest names their directories.
COPY Benchmarks/AppenderBenchmark Benchmarks/AppenderBenchmark
COPY Benchmarks/RebuildBenchmark Benchmarks/RebuildBenchmark
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --product account-ledger \
    && install -D --strip "$(swift build -c release --show-bin-path)/account-ledger" /out/account-ledger

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates libargon2-1 libcurl4 libpq5 libssl3 libstdc++6 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/account-ledger --create-home account-ledger \
    && install -d -o account-ledger -g account-ledger -m 0700 /var/lib/account-ledger/checkpoint
COPY --from=builder /out/account-ledger /usr/local/bin/account-ledger
USER account-ledger
WORKDIR /var/lib/account-ledger
ENV LEDGER_HTTP_HOST=0.0.0.0 \
    LEDGER_HTTP_PORT=8080 \
    LEDGER_CHECKPOINT_DIR=/var/lib/account-ledger/checkpoint
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["account-ledger", "health"]
ENTRYPOINT ["account-ledger"]
CMD ["serve"]
