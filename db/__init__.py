"""Tables, engine, transactions, the event log and its wake-up signals, migrations."""
