"""Every family of numbers on `/metrics`; docs/metrics.md is made from this."""

from typing import Final

from leadbridge.metrics.series import Family

# Seconds. An accept takes some milliseconds, a commit of a busy disk tens; a CRM's answer a tenth to thirty.
_OURS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_THEIRS: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)

REQUESTS: Final = Family(
    name="leadbridge_requests_total",
    kind="counter",
    labels=("source", "status"),
    about="Requests to `/hooks/…`, by the HTTP status of the answer. A source that the configuration does not have is "
    "`(unknown)`.",
)
REFUSED: Final = Family(
    name="leadbridge_signatures_refused_total",
    kind="counter",
    labels=("source", "reason"),
    about="Requests that did not prove themselves, by the reason, which the sender is not told.",
)
ACCEPT: Final = Family(
    name="leadbridge_accept_seconds",
    kind="histogram",
    bounds=_OURS,
    about="From a request's last byte until it is on disk and can be answered 2xx: what senders wait for us.",
)
SUBMISSIONS: Final = Family(
    name="leadbridge_submissions_total",
    kind="counter",
    labels=("source", "state"),
    about="Submissions that this process brought into a state: `received` when it accepts them (`awaiting_fetch` when "
    "their answers are fetched first), then `mapped`, …",
)
DELIVERIES: Final = Family(
    name="leadbridge_deliveries_total",
    kind="counter",
    labels=("destination", "crm", "state"),
    about="Deliveries that this process brought into a state: `pending` when they are made (and when one is put back), "
    "`retrying` at each retry, `held`, `delivered`, …",
)
CALLS: Final = Family(
    name="leadbridge_calls_total",
    kind="counter",
    labels=("destination", "crm", "status"),
    about="Calls to CRMs, by the class of their answer's status. `429` stands alone, `none` is no answer, `not_sent` "
    "one that never reached the CRM: there was no connection, or the account is another process's by now.",
)
CALL: Final = Family(
    name="leadbridge_call_seconds",
    kind="histogram",
    labels=("crm",),
    bounds=_THEIRS,
    about="From the start of a call to a CRM until the end of its answer, or until it was given up.",
)
FETCHES: Final = Family(
    name="leadbridge_fetch_calls_total",
    kind="counter",
    labels=("source", "outcome"),
    about="Calls to vendors that only announce a lead: `fetched` a document, or why not: `credentials`, "
    "`forbidden`, `quota`, `down`, `missing`.",
)
STORE: Final = Family(
    name="leadbridge_store_seconds",
    kind="histogram",
    labels=("operation",),
    bounds=_OURS,
    about="How long the database takes until what was handed to it is durable, the wait for a shared commit included: "
    "`accept` a request, `fetch` documents, `map` a batch, `record` the end of a call.",
)
STORE_FAILURES: Final = Family(
    name="leadbridge_store_failures_total",
    kind="counter",
    labels=("operation",),
    about="How often nothing could be stored: a full disk, a database that is away. Of `accept`, senders got 503.",
)
WAITING: Final = Family(
    name="leadbridge_backlog_deliveries",
    kind="gauge",
    labels=("destination", "crm", "urgency"),
    about="Deliveries that wait to be sent (`live`, `retry`, `replay`) or are being sent (`sending`), in the whole "
    "database: every replica says the same, so take the maximum over them.",
)
HELD: Final = Family(
    name="leadbridge_held_deliveries",
    kind="gauge",
    labels=("destination", "crm", "reason"),
    about="Deliveries that are held, by reason, in the whole database.",
)
OLDEST: Final = Family(
    name="leadbridge_backlog_oldest_seconds",
    kind="gauge",
    labels=("destination", "crm"),
    about="How long ago the oldest delivery that waits was made, in the whole database.",
)
LOOKED: Final = Family(
    name="leadbridge_backlog_looked_at_seconds",
    kind="gauge",
    about="How long ago the database was asked for what waits and is held: at a scrape, at most every 15 seconds, and "
    "for at most a twentieth of the time.",
)
FETCH_WAITING: Final = Family(
    name="leadbridge_fetch_backlog_submissions",
    kind="gauge",
    labels=("source",),
    about="Submissions whose answers are still to be fetched, in the whole database.",
)
FETCH_OLDEST: Final = Family(
    name="leadbridge_fetch_backlog_oldest_seconds",
    kind="gauge",
    labels=("source",),
    about="How long ago the oldest submission came whose answers are still to be fetched, in the whole database.",
)
FETCH_PAUSED: Final = Family(
    name="leadbridge_fetch_paused",
    kind="gauge",
    labels=("source", "reason"),
    about="1 while nothing is fetched for a source: its `credentials` are refused, its token may not read these leads "
    "(`forbidden`), its `quota` is used up, or its vendor is `down`.",
)
LANES: Final = Family(
    name="leadbridge_lanes",
    kind="gauge",
    labels=("state",),
    about="Accounts of the configuration: `configured`, and those `owned`, which this process sends for now.",
)
READY: Final = Family(
    name="leadbridge_ready",
    kind="gauge",
    about="1 while `/readyz` answers 200.",
)
BUILD: Final = Family(
    name="leadbridge_build_info",
    kind="gauge",
    labels=("version", "python", "config"),
    about="Always 1: what runs here, with which version of the configuration.",
)

FAMILIES: Final = (
    REQUESTS,
    REFUSED,
    ACCEPT,
    SUBMISSIONS,
    DELIVERIES,
    CALLS,
    CALL,
    FETCHES,
    STORE,
    STORE_FAILURES,
    WAITING,
    HELD,
    OLDEST,
    FETCH_WAITING,
    FETCH_OLDEST,
    FETCH_PAUSED,
    LOOKED,
    LANES,
    READY,
    BUILD,
)
