"""`reverify`: requests from the quarantine are looked at again, after a secret was mended."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

from leadbridge.commands.format import Format
from leadbridge.commands.output import counted, say, show_json
from leadbridge.desk import Desk, desks
from leadbridge.errors import ConfigError, SignatureError, Unparseable, UsageError
from leadbridge.expressions.checks import did_you_mean
from leadbridge.ids import id_of
from leadbridge.items import items_of, new_request, trace_id_for, unparseable_item
from leadbridge.quarantine import opened
from leadbridge.settings.loading import Loaded
from leadbridge.store.opening import Operator
from leadbridge.store.quarantine import QuarantineStore, SealedRequest
from leadbridge.store.values import NewRequest
from leadbridge.tokens.sealing import VARIABLE, Sealing, WrongKey
from leadbridge.verify import verify

_AT_ONCE: Final = 100  # requests in memory
_WRONG_KEY: Final = "wrong_key"  # of the reasons why a request stays, the ones that no `SignatureReason` is
_UNREADABLE: Final = "unreadable"


@dataclass(slots=True)
class _Told:
    """What became of the requests of a source."""

    taken: int = 0
    submissions: int = 0
    duplicates: int = 0
    dropped: int = 0
    still: Counter[str] = field(default_factory=Counter)  # by the reason why they are not proved


async def reverify(
    source: str,
    loaded: Loaded,
    *,
    quarantine: QuarantineStore,
    operator: Operator,
    sealing: Sealing,
    drop: bool,
    dry_run: bool,
    output: Format,
) -> bool:
    """Take in what proves itself now; false when something still does not and was not dropped.

    Raises `UsageError` for a source that cannot prove anything, `ConfigError` when the key opens nothing.
    """
    configured = desks(loaded.settings)
    desk = configured.get(source)
    if desk is None or desk.scheme.scheme == "none":
        await _require_drop(source, configured, quarantine, drop=drop)
        desk = None
    told = _Told()
    locked: list[str] = []
    async for sealed in _all_of(quarantine, source):
        new = sealed.reason if desk is None else _proved(desk, sealed, sealing)
        if isinstance(new, NewRequest):
            await _take(new, told, operator, dry_run=dry_run)
            continue
        told.still[new] += 1
        if new == _WRONG_KEY:
            locked.append(sealed.id)
        elif drop and not dry_run:
            told.dropped += await quarantine.drop([sealed.id])
    if locked and not told.taken and len(locked) == told.still.total():  # more likely the key is wrong than lost
        raise ConfigError(
            f"{VARIABLE} does not open request {locked[0]} of the quarantine, nor any other of {source}; set the key "
            "that sealed it as well, the newest first, with a comma between them. If it is lost, they go when "
            "`defaults.retention` has passed"
        )
    if drop and not dry_run:
        told.dropped += await quarantine.drop(locked)
    _say(told, source, dry_run=dry_run, output=output)
    return not told.still or told.dropped > 0


async def show_counts(quarantine: QuarantineStore, *, output: Format) -> None:
    """How many requests of each source are there."""
    counts = await quarantine.counts()
    if output is Format.JSON:
        show_json({"quarantine": dict(sorted(counts.items()))})
        return
    for source, number in sorted(counts.items()):
        say(f"{source}: {counted(number, 'request')}")
    if not counts:
        say("Nothing is in quarantine.")


async def _require_drop(
    source: str, configured: Mapping[str, Desk], quarantine: QuarantineStore, *, drop: bool
) -> None:
    """Raises `UsageError` unless there is something, and it is to be deleted, of a source that can prove nothing."""
    number = (await quarantine.counts()).get(source, 0)
    if number and drop:
        return
    if source in configured:
        raise UsageError(
            f"`{source}` has `verify: none`, by which forged requests would go in too; give it the sender's scheme and "
            f"secret, or delete its {counted(number, 'request')} in quarantine with `--drop`"
        )
    if number:
        raise UsageError(
            f"the configuration has no source `{source}`, so nothing of it is proved; `--drop` deletes its "
            f"{counted(number, 'request')} in quarantine"
        )
    raise UsageError(f"the configuration has no source `{source}`; {did_you_mean(source, configured)}")


async def _all_of(quarantine: QuarantineStore, source: str) -> AsyncIterator[SealedRequest]:
    after = ""
    while some := await quarantine.kept(source, after=after, limit=_AT_ONCE):
        for one in some:
            yield one
        after = some[-1].id


def _proved(desk: Desk, sealed: SealedRequest, sealing: Sealing) -> NewRequest | str:
    """The request as receive would have stored it when it came; or the reason why it is not proved."""
    try:
        received = opened(sealing, sealed)
    except WrongKey:
        return _WRONG_KEY
    try:
        verified = verify(desk.scheme, received, now=received.received_at, secrets_at=desk.secrets_at)
    except SignatureError as error:
        return error.reason
    try:
        items = items_of(desk, verified, desk.parse(verified))
    except Unparseable as error:
        if error.http_status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:  # receive stores none of these
            return _UNREADABLE
        items = [unparseable_item(verified, error)]
    # The ids are of its arrival: by them `dedupe_window` is counted. Sorted, for the items are in their order.
    ids = sorted(id_of(sealed.received_at) for _ in items)
    items = [replace(item, submission_id=name) for item, name in zip(items, ids, strict=True)]
    return replace(new_request(desk, verified, trace_id_for(verified), items), request_id=sealed.id)


async def _take(new: NewRequest, told: _Told, operator: Operator, *, dry_run: bool) -> None:
    if dry_run:
        told.taken += 1
        told.submissions += len(new.items)
        return
    accepted = await operator.readmit(new)
    if accepted is None:  # somebody else just did
        return
    told.taken += 1
    told.submissions += len(accepted)
    told.duplicates += sum(one.status == "duplicate" for one in accepted)


def _say(told: _Told, source: str, *, dry_run: bool, output: Format) -> None:
    if output is Format.JSON:
        show_json({
            "source": source, "requests": told.taken, "submissions": told.submissions, "duplicates": told.duplicates,
            "still_refused": dict(sorted(told.still.items())), "dropped": told.dropped, "dry_run": dry_run,
        })  # fmt: skip
        return
    would = "would be " if dry_run else ""
    duplicates = f", of which {told.duplicates} came before" if told.duplicates else ""
    said = f"{counted(told.taken, 'request')} {would}taken in: {counted(told.submissions, 'submission')}{duplicates}."
    if told.still:
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(told.still.items()))
        rest = f"{told.dropped} dropped" if told.dropped else "they stay; mend the secret, or `--drop` them"
        said += f" {counted(told.still.total(), 'request')} of {source} still not proved ({why}): {rest}."
    say(said)
