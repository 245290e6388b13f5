// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is compiled with: Swift 6 mode, warnings as errors, explicit existentials,
/// explicit imports.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A projection: `Projections/<name>/` with its `schema.sql`, its statements, and the fold.
func projection(_ name: String, statements: [String] = [], uses: [Target.Dependency] = []) -> Target {
    .target(
        name: "\(name)Projection",
        dependencies: ["AccountDomain", "EventCoding", "StrictJSON", "ProjectionKit"] + uses,
        path: "Projections/\(name)",
        resources: (["schema", "indexes", "load", "upsert", "remove"] + statements).map { .embedInCode("\($0).sql") },
        swiftSettings: strict
    )
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "account-ledger",
    products: [.executable(name: "account-ledger", targets: ["AccountLedger"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries, reached only through the Swift modules in front of them.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // Memory, where Swift has no word for it: a figure of the C library's allocator, a hint to the processor.
        .systemLibrary(name: "CAllocator"),
        .target(name: "PostgresClient", dependencies: ["CPostgres"], swiftSettings: strict + [.strictMemorySafety()]),
        .target(name: "PKI", dependencies: ["COpenSSL"], swiftSettings: strict + [.strictMemorySafety()]),
        .target(
            name: "AuthenticatedEncryption", dependencies: ["COpenSSL"],
            swiftSettings: strict + [.strictMemorySafety()]),
        .target(name: "PasswordHashing", dependencies: ["CArgon2"], swiftSettings: strict + [.strictMemorySafety()]),
        .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: strict + [.strictMemorySafety()]),
        .target(
            name: "MailTransport", dependencies: ["AccountDomain", "CCurl", "StrictJSON"],
            swiftSettings: strict + [.strictMemorySafety()]),

        // The domain and its use cases.
        .target(name: "AccountDomain", swiftSettings: strict),
        .target(name: "StrictJSON", swiftSettings: strict),
        .target(name: "Accounts", dependencies: ["AccountDomain", "EventCoding", "StrictJSON"], swiftSettings: strict),

        // Stored form, log, read models.
        .target(
            name: "EventCoding", dependencies: ["AccountDomain", "AuthenticatedEncryption", "StrictJSON", crypto],
            swiftSettings: strict),
        .target(name: "Transparency", dependencies: ["StrictJSON", crypto], swiftSettings: strict),
        .target(
            name: "AccountSecurity",
            dependencies: ["AccountDomain", "Accounts", "EventCoding", "PasswordHashing", "PKI", crypto],
            swiftSettings: strict),
        .target(
            name: "Migrations", path: "Migrations", resources: [.embedInCode("sql")], swiftSettings: strict),
        .target(
            name: "PostgresLedger",
            dependencies: [
                "AccountDomain", "Accounts", "EventCoding", "PostgresClient", "Migrations", "Transparency", crypto,
                logging,
            ],
            resources: [.embedInCode("Statements")],
            swiftSettings: strict),
        .target(
            name: "PostgresTransparency",
            dependencies: [
                "AccountDomain", "Accounts", "EventCoding", "PostgresClient", "PostgresLedger", "Transparency", logging,
            ],
            resources: [.embedInCode("Statements")],
            swiftSettings: strict),
        .target(
            name: "PostgresReadModels",
            dependencies: [
                "AccountDomain", "Accounts", "EventCoding", "PostgresClient", "PostgresLedger", "ProjectionKit",
                "AccountsProjection", "ActivationsProjection", "IdentitiesProjection", "SpacesProjection",
            ],
            resources: [.embedInCode("Statements")],
            swiftSettings: strict),
        .target(
            name: "LogExport",
            dependencies: [
                "AccountDomain", "Accounts", "EventCoding", "PostgresClient", "PostgresLedger", "StrictJSON",
                "Transparency",
            ],
            resources: [.embedInCode("Statements")],
            swiftSettings: strict),
        .target(name: "ProjectionKit", dependencies: ["AccountDomain", "EventCoding"], swiftSettings: strict),
        projection("Accounts", statements: ["lookups_add", "lookups_remove"], uses: ["Accounts"]),
        projection("Activations"),
        projection("Devices", statements: ["lookups_add", "remove_all"]),
        projection("Identities"),
        projection("Spaces"),
        .target(
            name: "Projector",
            dependencies: [
                "AccountDomain", "CAllocator", "EventCoding", "PostgresClient", "PostgresLedger", "ProjectionKit",
                logging,
            ],
            resources: [.embedInCode("Statements")],
            swiftSettings: strict),
        .target(
            name: "Outbox",
            dependencies: [
                "AccountDomain", "Accounts", "EventCoding", "MailTransport", "PostgresClient", "PostgresLedger",
                logging,
            ],
            resources: [.embedInCode("Statements")],
            swiftSettings: strict),

        .target(
            name: "Verification",
            dependencies: [
                "AccountDomain", "Accounts", "EventCoding", "StrictJSON", "PostgresClient", "PostgresLedger",
                "Transparency",
            ],
            resources: [.embedInCode("Statements")],
            swiftSettings: strict),

        // HTTP.
        .target(
            name: "DoorKit",
            dependencies: [
                "StrictJSON", "AccountDomain", "Accounts", "EventCoding", logging, crypto,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "NativeDoor",
            dependencies: [
                "DoorKit", "EventCoding", "StrictJSON", "AccountDomain", "Accounts", "Transparency", logging, crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            resources: [.embedInCode("openapi.yaml")],
            swiftSettings: strict),
        .target(
            name: "MeldDoor",
            dependencies: [
                "DoorKit", "EventCoding", "StrictJSON", "AccountDomain", "Accounts", logging, crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),

        .target(
            name: "AuditDoor",
            dependencies: ["Accounts", "DoorKit", "Transparency"],
            swiftSettings: strict),
        .target(
            name: "MisakeyDoor",
            dependencies: [
                "DoorKit", "EventCoding", "StrictJSON", "AccountDomain", "Accounts", crypto,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),

        // The program.
        .target(name: "EmbeddedPostgres", dependencies: [logging], swiftSettings: strict),
        .executableTarget(
            name: "AccountLedger",
            dependencies: [
                "AccountDomain", "AccountSecurity", "Accounts", "AccountsProjection", "ActivationsProjection",
                "AuditDoor", "DevicesProjection", "DoorKit", "EmbeddedPostgres", "EventCoding", "IdentitiesProjection",
                "LogExport", "MailTransport", "MeldDoor", "Migrations", "MisakeyDoor", "NativeDoor", "Outbox",
                "PasswordHashing", "PostgresClient", "PostgresLedger", "PostgresReadModels", "PostgresTransparency",
                "ProjectionKit", "Projector", "SpacesProjection", "StrictJSON", "Transparency", "Verification",
                crypto, logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // What `make bench` runs beside the program.
        .executableTarget(
            name: "AppenderBenchmark",
            dependencies: [
                "AccountDomain", "AccountSecurity", "Accounts", "EventCoding", "PostgresClient", "PostgresLedger",
                "PostgresReadModels", "PostgresTransparency", "Transparency", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/AppenderBenchmark", swiftSettings: strict),
        .executableTarget(
            name: "RebuildBenchmark",
            dependencies: [
                "AccountDomain", "AccountsProjection", "EventCoding", "PostgresClient", "PostgresLedger",
                "ProjectionKit", "Projector", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/RebuildBenchmark", resources: [.embedInCode("Statements")], swiftSettings: strict),

        // Tests: one folder per target.
        .target(
            name: "TestSupport",
            dependencies: ["AccountDomain", "EventCoding", "PostgresClient", "PostgresLedger", logging],
            path: "Tests/TestSupport", swiftSettings: strict),
        tests("StrictJSON", ["StrictJSON"]),
        tests("PasswordHashing", ["PasswordHashing"]),
        tests("Compression", ["Compression"]),
        tests("AuthenticatedEncryption", ["AuthenticatedEncryption", crypto]),
        tests("PKI", ["PKI"]),
        tests("PostgresClient", ["PostgresClient", "TestSupport"]),
        tests("AccountDomain", ["AccountDomain"]),
        tests("AccountSecurity", ["AccountSecurity", "PKI"]),
        tests("EventCoding", ["AccountDomain", "EventCoding", "StrictJSON"]),
        tests("Transparency", ["Transparency", crypto]),
        tests("Migrations", ["Migrations"]),
        tests(
            "PostgresLedger",
            ["AccountDomain", "Accounts", "EventCoding", "PostgresClient", "PostgresLedger", "TestSupport", logging]),
        tests(
            "LogExport",
            [
                "AccountDomain", "Accounts", "EventCoding", "LogExport", "PostgresClient", "PostgresLedger",
                "StrictJSON",
                "TestSupport", "Transparency", logging,
            ]),
        tests(
            "PostgresTransparency",
            [
                "AccountDomain", "EventCoding", "PostgresClient", "PostgresLedger", "PostgresTransparency",
                "TestSupport", "Transparency", logging,
            ]),
        tests(
            "AccountsProjection",
            [
                "AccountDomain", "Accounts", "AccountsProjection", "DevicesProjection", "EventCoding",
                "IdentitiesProjection", "ProjectionKit", "SpacesProjection",
            ]),
        tests(
            "Projector",
            [
                "AccountDomain", "Accounts", "AccountsProjection", "ActivationsProjection", "DevicesProjection",
                "EventCoding", "IdentitiesProjection", "Migrations", "PostgresClient", "PostgresLedger",
                "ProjectionKit", "Projector",
                "SpacesProjection", "TestSupport", logging,
            ]),
        tests(
            "DoorKit",
            [
                "DoorKit", "StrictJSON", "AccountDomain", "Accounts", "EventCoding", logging,
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests(
            "NativeDoor",
            ["DoorKit", "NativeDoor", "StrictJSON", "AccountDomain", "Accounts", "EventCoding", crypto, logging]),
        tests(
            "MisakeyDoor",
            [
                "AccountDomain", "Accounts", "EventCoding", "MisakeyDoor", "PostgresClient", "PostgresLedger",
                "PostgresReadModels", "TestSupport", logging,
            ]),
        tests(
            "Verification",
            [
                "AccountDomain", "Accounts", "EventCoding", "PostgresClient", "PostgresLedger", "TestSupport",
                "Transparency", "Verification", logging,
            ]),
        tests(
            "MeldDoor",
            [
                "DoorKit", "MeldDoor", "StrictJSON", "AccountDomain", "AccountSecurity", "Accounts", "EventCoding",
                "PostgresClient", "PostgresLedger", "PostgresReadModels", "TestSupport", crypto, logging,
            ]),
        tests("EmbeddedPostgres", ["EmbeddedPostgres", "TestSupport"]),
        tests("MailTransport", ["AccountDomain", "MailTransport", "TestSupport"]),
        tests(
            "Outbox",
            [
                "AccountDomain", "Accounts", "EventCoding", "MailTransport", "Outbox", "PostgresClient",
                "PostgresLedger", "TestSupport", logging,
            ]),
        tests(
            "AccountLedger",
            [
                "AccountLedger", "EmbeddedPostgres", "EventCoding", "Migrations", "PostgresClient", "PostgresLedger",
                "StrictJSON", "TestSupport", "Transparency", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests(
            "EndToEnd",
            [
                "AccountDomain", "Accounts", "EventCoding", "PKI", "StrictJSON", "PostgresClient", "TestSupport",
                "Transparency", crypto,
            ]),
        tests("Deployment", ["TestSupport", .product(name: "Yams", package: "Yams")]),
    ]
)

/// The tests of a target, in `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, swiftSettings: strict)
}
