#!/usr/bin/env bash
# The whole way of an order between two terminals: listed, shared, claimed, processed by either, and every status told.
# Needs the demonstration (`make serve`) running, and curl. It ends where it began, so it can be run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON="${PYTHON:-.venv/bin/python}"
API="http://${ORDERSHARE_HOST:-127.0.0.1}:${ORDERSHARE_PORT:-8000}/graphql"
export ORDERSHARE_JWT_SECRET="${ORDERSHARE_JWT_SECRET:-$(cat .demo/jwt-secret)}"

say() { printf '\n# %s\n' "$*"; }

# ask TOKEN DOCUMENT [VARIABLES]: sends a document, and keeps and shows the answer.
ask() {
    answer=$(curl -sS "$API" -H "Authorization: Bearer $1" -H 'Content-Type: application/json' \
        -d "{\"query\": \"$2\", \"variables\": ${3:-null}}")
    echo "$answer"
}

# pick STEP...: a value of the last answer, such as: pick data viewer user id
pick() {
    "$PYTHON" -c 'import functools, json, sys
steps = [int(step) if step.isdigit() else step for step in sys.argv[2:]]
try:
    print(functools.reduce(lambda value, step: value[step], steps, json.loads(sys.argv[1])))
except (ValueError, LookupError, TypeError):
    sys.exit("The tour cannot go on from this answer: it has no " + " ".join(sys.argv[2:]))' "$answer" "$@"
}

# hear: shows the next event that the first terminal hears, as it comes.
hear() {
    IFS= read -r -t 20 event <&3 || { echo "The first terminal heard nothing for 20 seconds." >&2; exit 1; }
    echo "first terminal hears: $event"
}

say "A token for each terminal: Lin Mei's, who owns the order, and Lin Wei's"
MEI=$("$PYTHON" -m app token mei@lin.example)
WEI=$("$PYTHON" -m app token wei@lin.example)
echo "$MEI"
echo "$WEI"

say "First terminal: its organisation, where the organisation's log ends, and whom there is to share with"
ask "$MEI" 'query($name: String) { viewer { memberships { role organisation { id name logCursor members(search: $name) { nodes { user { id name } } } } } } }' \
    '{"name": "Lin Wei"}'
ORGANISATION=$(pick data viewer memberships 0 organisation id)
CURSOR=$(pick data viewer memberships 0 organisation logCursor)
RECIPIENT=$(pick data viewer memberships 0 organisation members nodes 0 user id)

say "First terminal: it listens from that place on, over a WebSocket"
PIPE=$(mktemp -d)
mkfifo "$PIPE/events"
"$PYTHON" docs/listen.py "$API" "$MEI" "$ORGANISATION" "$CURSOR" >"$PIPE/events" &
LISTENER=$!
trap 'kill "$LISTENER" 2>/dev/null || true; rm -r "$PIPE"' EXIT
exec 3<"$PIPE/events"

say "First terminal: the orders that can be shared; here the one it is about to share"
ask "$MEI" 'query($id: ID!, $where: OrderFilter) { organisation(id: $id) { orders(where: $where, first: 5) { totalCount nodes { id title status version owner { name } type { name } } } } }' \
    '{"id": "'"$ORGANISATION"'", "where": {"shareable": true, "search": "LIN-104"}}'
ORDER=$(pick data organisation orders nodes 0 id)
VERSION=$(pick data organisation orders nodes 0 version)

say "First terminal: share it; the server makes the second order and tells the recipient to claim it"
ask "$MEI" 'mutation($input: ShareOrderInput!) { shareOrder(input: $input) { sharedOrders { id status claimWindow { closesAt } } userErrors { code message } } }' \
    '{"input": {"orderId": "'"$ORDER"'", "recipientIds": ["'"$RECIPIENT"'"], "permission": "PROCESS", "message": "Yours as much as mine."}}'
SHARED=$(pick data shareOrder sharedOrders 0 id)
hear

say "Second terminal: what it was offered last, and what a claim would answer"
ask "$WEI" '{ viewer { sharedOrders(first: 1) { nodes { id sender { name } order { title } message claimEligibility { claimable code } } } } }'

say "Second terminal: claim it; sent twice with one idempotency key, it is done once"
KEY="tour-$(date +%s)-$$"
for _ in 1 2; do
    ask "$WEI" 'mutation($input: ClaimSharedOrderInput!) { claimSharedOrder(input: $input) { sharedOrder { status claimedAt availableActions } userErrors { code message } } }' \
        '{"input": {"sharedOrderId": "'"$SHARED"'", "idempotencyKey": "'"$KEY"'"}}'
done
hear

say "Second terminal: process its own order; the server derives the status of both"
PROCESS='mutation($input: ProcessOrderInput!) { processOrder(input: $input) { order { status version sharesClaimed maxShares } userErrors { code message ... on VersionConflictError { currentVersion currentStatus } } } }'
ask "$WEI" "$PROCESS" '{"input": {"orderId": "'"$SHARED"'", "action": "REPORT_LOSS", "expectedVersion": '"$VERSION"', "note": "A burst pipe."}}'
hear

say "First terminal: a result decided on the picture before that is refused"
ask "$MEI" "$PROCESS" '{"input": {"orderId": "'"$ORDER"'", "action": "CANCEL", "expectedVersion": '"$VERSION"'}}'

say "First terminal: a result decided on the present picture is applied"
VERSION=$(pick data processOrder userErrors 0 currentVersion)
ask "$MEI" "$PROCESS" '{"input": {"orderId": "'"$ORDER"'", "action": "SETTLE_LOSS", "expectedVersion": '"$VERSION"'}}'
hear

say "Second terminal: give the share back"
ask "$WEI" 'mutation($input: ReleaseSharedOrderInput!) { releaseSharedOrder(input: $input) { sharedOrder { status } userErrors { code message } } }' \
    '{"input": {"sharedOrderId": "'"$SHARED"'"}}'
hear
