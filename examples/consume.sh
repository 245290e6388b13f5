#!/usr/bin/env bash
# Reads the log with curl and jq, and goes on where it stopped, however it stopped.
#
#   examples/consume.sh URL KEY-FILE STATE-FILE [once]
#
# Prints a line for each event: position, time, type, stream. STATE-FILE remembers the last position that was handled;
# it is written behind the handling, so an event may be handled twice after a crash, but never be left out. With `once`
# it ends at the present end of the log.
set -euo pipefail

url=$1 key_file=$2 state=$3 once=${4:-}
position=0
if [ -s "$state" ]; then position=$(<"$state"); fi

# Everything behind a position, one event a line. The key comes from a file: arguments can be seen by everybody.
events_after() {
    curl --silent --show-error --fail --max-time 300 --header "Accept: application/x-ndjson" \
        --header @<(printf 'Authorization: Bearer %s\n' "$(<"$key_file")") "$url/v1/events?after=$1"
}

handle() {
    jq --raw-output '[.sequence, .time, .type, .subject] | @tsv' <<<"$1"
}

while :; do
    # A connection that breaks off ends the inner loop; the next round asks again behind what was handled.
    while IFS= read -r event; do
        handle "$event"
        position=$(jq --raw-output .sequence <<<"$event")
        printf '%s\n' "$position" >"$state.new"
        mv "$state.new" "$state"
    done < <(events_after "$position")
    if [ -n "$once" ]; then break; fi
    sleep 1
done
