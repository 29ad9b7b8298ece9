"""Whatever the people of an organisation do, the API answers and does what an independent model of the rules says."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.model.asks import Ask
from tests.model.cast import FOUNDER, MEMBERS, ORDERS, STRANGER
from tests.model.effort import play
from tests.model.ending import Ending, endings_of
from tests.model.lines import line
from tests.model.passing_time import sweep
from tests.model.scene import Raw, Scene
from tests.model.settling import settled
from tests.model.sight import boxes, history, members, results, told_from_the_beginning, told_live
from tests.model.stage import Stage
from tests.model.state import GRACE_HOURS, Order, State
from tests.model.wishes import MANY_WISHES, SHARES, WAITS, WISHES, Waiting

_ROLES = {user: "ADMIN" if user == FOUNDER else "MEMBER" for user in MEMBERS}
_STATUSES = st.sampled_from([*["IN_FORCE"] * 6, "GRACE_PERIOD", "LOSS_REPORTED", "PENDING", "SUSPENDED"])
_SEATS = st.sampled_from([1, 1, 1, 2, 2, 0])
_ENDS = st.sampled_from([None, None, 2, 24, 2 - GRACE_HOURS])
# Words for stories in which much happens, such as an order that lapses unnoticed and two who claim the last seat.
_RICH_IN_EVENTS = {"sqlite+aiosqlite": "290", "postgresql+asyncpg": "136"}


class Story(RuleBasedStateMachine):
    """What three members do with three orders, and a stranger tries: one after the other, or at the same time.

    There is no way to do nothing but wait, for Hypothesis would leave out all others in many stories.
    """

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene(self.stage)
        self.state = State({}, {})
        self.begun = 0
        self.steps = 0
        self.agreed = False

    @initialize(
        orders=st.tuples(*[st.tuples(_STATUSES, _SEATS, _ENDS) for _ in ORDERS]),
        wishes=st.lists(SHARES, min_size=1, max_size=3),
    )
    def begins(self, orders: tuple[tuple[str, int, int | None], ...], wishes: list[Ask]) -> None:
        """Begin with orders, and a few offers: stories without any have little to tell."""
        given = zip(ORDERS.items(), orders, strict=True)
        state = State.imported(_ROLES, [Order(reference, owner, *facts) for (reference, owner), facts in given])
        self.stage.run(self.scene.open(state))
        self.begun = len(state.log)
        self.agrees([Ending(state, self.scene.names)])
        for wish in wishes:
            self.do(wish)

    @rule(wish=WISHES, wait=WAITS)
    def somebody_acts(self, wish: Ask, wait: Waiting | None) -> None:
        self.wait(wait)
        self.do(wish)

    @rule(wishes=MANY_WISHES, wait=WAITS)
    def many_act_at_once(self, wishes: list[Ask], wait: Waiting | None) -> None:
        self.wait(wait)
        self.do(*wishes)

    def wait(self, wait: Waiting | None) -> None:
        """Let time pass up to one of the next moments at which something opens or ends, or to an hour before."""
        if wait is None:
            return
        moments = self.state.next_moments()
        hours = moments[wait.moment % len(moments)] - self.state.now if moments else 1
        hours -= wait.early and hours > 1
        note(f"{hours} hours pass")
        self.stage.run(self.scene.pass_time(hours))
        self.state.now += hours
        self.agrees([Ending(self.state, self.scene.names)])
        if wait.logged:
            self.log_what_time_has_done()

    def log_what_time_has_done(self) -> None:
        self.stage.run(self.scene.sweep())
        swept = self.state.copy()
        sweep(swept)
        self.agrees([Ending(swept, self.scene.names)])

    def do(self, *wishes: Ask) -> None:
        """Send mutations; of many at once, each is answered as if they had come one after the other in some order."""
        asks = [settled(wish, self.state) for wish in wishes]
        note("; ".join(map(str, asks)))
        answers = self.stage.run(self.scene.send(asks))
        self.agrees(endings_of(self.state, self.scene.names, asks, answers), answers)

    def agrees(self, endings: Sequence[Ending], answers: Sequence[Raw] = ()) -> None:
        """Show that what is told is what one of the endings says, and go on from there."""
        self.agreed = False
        known = len(self.state.log)
        self.steps += 1
        seen = self.stage.run(self.scene.look_around(MEMBERS[self.steps % len(MEMBERS)]))
        differences = [ending.differences(answers, seen, known) for ending in endings]
        nearest = min(differences, key=len)
        assert nearest == [], "\n".join(nearest)
        reached = endings[differences.index(nearest)]
        self.state, self.scene.names = reached.state, reached.names
        self.agreed = True

    def teardown(self) -> None:
        try:
            if self.agreed:
                self.log_what_time_has_done()
                self.stage.run(self.everybody_was_told_what_they_may_know())
        finally:
            self.stage.run(self.scene.close())

    async def everybody_was_told_what_they_may_know(self) -> None:
        for user in MEMBERS:
            await self.has_listened(user)
            past = self.scene.names.told(await self.scene.past(user))
            assert past["viewer"] == boxes(self.state, user)
            await self.scene.listen_again(user)
            if user in self.state.roles:
                told = told_from_the_beginning(self.state, user)
                assert await self.scene.hear(user, len(told)) == told
                self.looks_back(user, past["organisation"])
            else:
                assert await self.scene.is_refused(user) == "NOT_FOUND"
                assert past["organisation"] is None
            await self.scene.hears_no_more(user)
        assert (await self.scene.past(STRANGER))["organisation"] is None

    async def has_listened(self, user: str) -> None:
        told, ended = told_live(self.state, user, _ROLES[user], self.begun)
        if user != FOUNDER:
            assert await self.scene.hear(user, len(told)) == told
        if ended:
            assert await self.scene.is_refused(user) == "ACCESS_ENDED"
        await self.scene.hears_no_more(user)

    def looks_back(self, user: str, organisation: Raw) -> None:
        assert organisation["members"] == members(self.state)
        for order, told in zip(self.state.orders.values(), organisation["orders"]["nodes"], strict=True):
            assert [line(event) for event in told["history"]["nodes"]] == history(self.state, user, order)
            assert told["processingResults"]["nodes"] == results(self.state, user, order)


def test_whatever_people_do_the_api_answers_and_does_what_the_rules_say(database_url: str) -> None:
    with Stage(database_url) as stage:
        like = _RICH_IN_EVENTS[urlsplit(database_url).scheme]
        play(type("Story", (Story,), {"stage": stage}), usually=5, steps=24, like=like)
        assert stage.run(stage.recount()) == []
