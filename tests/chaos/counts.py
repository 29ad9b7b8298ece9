"""What is counted while a run lasts."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """What has happened how often.

    Attributes:
        unknown: Sendings of a mutation that left its outcome unknown, by why.
        endings: Ends of sockets, by why.
        sockets: Sockets that were opened and subscribed.
        faults: Faults, by kind.
        whole_after: How many seconds it took at most until what a kind of fault broke was whole again.
    """

    unknown: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    sockets: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    whole_after: dict[str, float] = field(default_factory=dict)
