"""All attackers. Their rates leave two cores time for the honest clients, as a budget of attackers would."""

from tests.soak.attackers import documents, heads, slow, sockets
from tests.soak.attackers.attack import Attacker

ROSTER = (
    Attacker(name="upgrades", what="untaken upgrades with late bodies", every=0.25, attack=heads.untaken_upgrades),
    Attacker(name="lengths", what="requests of two lengths or two hosts", every=0.25, attack=heads.uncertain_lengths),
    Attacker(name="headers", what="headers of 60 KB", every=2, attack=heads.quadratic_headers),
    Attacker(name="handshakes", what="20 malformed handshakes", every=1, attack=heads.malformed_handshakes),
    Attacker(name="pipelining", what="250 KB of requests over 10 connections", every=10, attack=heads.pipelining),
    Attacker(name="malformed", what="malformed values of headers", every=0.5, attack=heads.malformed_headers),
    Attacker(name="fuzzed", what="20 fuzzed heads", every=2, attack=heads.fuzzed_heads),
    Attacker(name="failing", what="5 documents that fail while they read", every=1, attack=documents.failing_fields),
    Attacker(name="aliases", what="a long alias, 300 MB of answer", every=20, attack=documents.long_aliases),
    Attacker(name="invalid", what="invalid ones over 32 connections", every=10, attack=documents.invalid_documents),
    Attacker(name="comments", what="10 documents with new comments", every=1, attack=documents.new_comments),
    Attacker(name="persisted", what="52 documents to keep", every=2, attack=documents.persisted_documents),
    Attacker(name="tokens", what="20 tokens with 50,000 blanks", every=1, attack=documents.padded_tokens),
    Attacker(name="imports", what="1,000 rows of one who may not", every=3, attack=documents.forbidden_imports),
    Attacker(name="introspection", what="the whole schema", every=1, attack=documents.introspection),
    Attacker(name="catching-up", what="200 subscriptions to 3,000 events", every=15, attack=sockets.catching_up),
    Attacker(name="questions", what="1,000 questions, 3 events", every=20, attack=sockets.many_questions),
    Attacker(name="variables", what="200 times 240 KB undeclared", every=20, attack=sockets.undeclared_variables),
    Attacker(name="ids", what="200 operation ids of 240 KB", every=20, attack=sockets.long_operation_ids),
    Attacker(name="early", what="40 messages before the ack", every=5, attack=sockets.unacknowledged_messages),
    Attacker(name="deaf", what="20 sockets that never read", every=10, attack=sockets.deaf_sockets),
    Attacker(name="senders", what="20 slow senders", every=12, attack=slow.slow_senders),
    Attacker(name="readers", what="10 slow readers", every=15, attack=slow.slow_readers),
    Attacker(name="streams", what=f"{slow.PLACES * 3 // 2} streams at once", every=5, attack=slow.too_many_streams),
)

NAMES = tuple(attacker.name for attacker in ROSTER)
