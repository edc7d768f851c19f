"""Whatever is refreshed in whatever order, an app has one usable refresh token per location, and the grace is exact."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.grants import Grants, Issue
from leadbridge.sandbox.leadconnector.problems import Refused
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.world import World

from .support import StillClock

APPS = ("app1", "app2")
LOCATIONS = ("LOC1", "LOC2")
GRACE = 30.0
pauses = st.sampled_from([0.0, 0.125, 1.0, 29.875, 30.0, 45.0])  # seconds, exact in binary
steps = st.lists(
    st.tuples(st.sampled_from(APPS), st.integers(min_value=0, max_value=40), pauses, st.booleans()), max_size=25
)


@dataclass
class Model:
    """What the vendor promises, said as plainly as possible."""

    clock: StillClock = field(default_factory=StillClock)
    tokens: list[str] = field(default_factory=list)
    owner: dict[str, tuple[str, str]] = field(default_factory=dict)  # token to its app and location
    current: dict[tuple[str, str], str] = field(default_factory=dict)
    answered: dict[str, tuple[float, Issue]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = World(clock=self.clock, options=SandboxOptions())
        self.grants = Grants(world, Directory(world))
        for app in APPS:
            for location in LOCATIONS:
                self.learn(self.grants.exchange(app, f"first:{location}", "Location"))

    def learn(self, issue: Issue) -> None:
        assert issue.refresh_token is not None
        owner = (issue.grant.client_id, issue.grant.holder.id)
        self.tokens.append(issue.refresh_token)
        self.owner[issue.refresh_token] = owner
        self.current[owner] = issue.refresh_token

    def refresh(self, app: str, token: str) -> Issue | None:
        try:
            return self.grants.refresh(app, token, "Location")
        except Refused:
            return None

    def step(self, app: str, token: str) -> None:
        """Refresh, and compare with what the promises say of this app and token now."""
        issue = self.refresh(app, token)
        earlier = self.answered.get(token)
        if self.owner[token][0] != app:
            assert issue is None
        elif earlier is not None:
            in_grace = self.clock.elapsed < earlier[0] + GRACE
            assert issue == (earlier[1] if in_grace else None)
        else:
            assert issue is not None
            assert self.current[self.owner[token]] == token
            self.answered[token] = (self.clock.elapsed, issue)
            self.learn(issue)


@settings(deadline=None)
@given(steps)
def test_any_sequence_of_refreshes_leaves_one_usable_token_per_app_and_location(
    listed: list[tuple[str, int, float, bool]],
) -> None:
    model = Model()
    for app, number, pause, twice in listed:
        token = model.tokens[number % len(model.tokens)]
        for _ in range(2 if twice else 1):  # an answer that was lost is asked for again
            model.step(app, token)
        model.clock.elapsed += pause
    model.clock.elapsed += GRACE

    usable: dict[tuple[str, str], list[str]] = {owner: [] for owner in model.current}
    for token in list(model.tokens):
        app, _ = owner = model.owner[token]
        if token not in model.answered:
            usable[owner].append(token)
        else:
            assert model.refresh(app, token) is None
    assert usable == {owner: [token] for owner, token in model.current.items()}
    for (app, location), token in model.current.items():
        issue = model.refresh(app, token)
        assert issue is not None
        assert issue.grant.holder.id == location


@settings(deadline=None)
@given(
    st.lists(st.floats(min_value=0, max_value=60, allow_nan=False), max_size=12).map(sorted),
    st.sampled_from([1.0, 10.0, 100.0]),
)
def test_the_grace_is_exact_at_its_edge(moments: list[float], time_scale: float) -> None:
    clock = StillClock()
    world = World(clock=clock, options=SandboxOptions(time_scale=time_scale))
    grants = Grants(world, Directory(world))
    first = grants.refresh("app1", "first:LOC1", "Location")
    edge = GRACE / time_scale
    for moment in [*moments, edge]:
        clock.elapsed = moment
        try:
            assert grants.refresh("app1", "first:LOC1", "Location") is first
            assert moment < edge
        except Refused:
            assert moment >= edge
