"""How rows are read to be shown, in statements that every engine understands; values are `?1`, `?2` and so on."""

from collections.abc import Mapping
from typing import Final

from leadbridge.store.values import Named

SUBMISSION: Final = """
    SELECT s.id, request_id, item, s.source, received_at, trace_id, state, reason, dedupe_key, duplicate_of, revision,
           updated_at, f.documents AS fetched, coalesce(f.tries, 0) AS fetch_tries,
           CASE f.due_at WHEN 0 THEN received_at ELSE f.due_at END AS fetch_at
    FROM submissions AS s LEFT JOIN fetches AS f ON f.submission_id = s.id"""
NEWEST: Final = f"""{SUBMISSION}
    WHERE (CAST(?1 AS text) IS NULL OR state = ?1) AND (CAST(?2 AS text) IS NULL OR s.source = ?2)
        AND (CAST(?3 AS text) IS NULL OR s.id < ?3)
    ORDER BY s.id DESC LIMIT ?4"""
REQUEST: Final = """
    SELECT id, source, received_at, trace_id, verified_by, method, url, headers, body FROM requests WHERE id = ?1"""
DELIVERY: Final = """
    SELECT id, submission_id, trace_id, route, destination, lane, config_version, plan, state, blocked, reason, detail,
           urgency, alone, tries, next_at, progress, choice, record_id, created, warnings, candidates, created_at,
           updated_at
    FROM deliveries"""
ATTEMPT: Final = """
    SELECT a.id, a.lane, a.purpose, a.method, a.path, a.request, c.try AS attempt, a.started_at, a.answered_at,
           a.status, a.outcome, a.crm_trace_id, a.response, a.error
    FROM attempt_deliveries c JOIN attempts a ON a.id = c.attempt_id
    WHERE c.delivery_id = ?1 ORDER BY a.id"""
OF_RECORD: Final = """
    SELECT keys FROM deliveries WHERE lane = ?1 AND record_id = ?2 AND id <> ?3
    ORDER BY event_at DESC, seq DESC LIMIT 50"""
MAPPED_TO_NOTHING: Final = """
    SELECT count(*) FROM submissions s
    WHERE state = 'mapped' AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.submission_id = s.id)"""
NEVER_SENT: Final = """
    SELECT count(*) FROM deliveries d
    WHERE state IN ('delivered', 'delivered_with_warnings') AND NOT EXISTS (
        SELECT 1 FROM attempt_deliveries c JOIN attempts a ON a.id = c.attempt_id
        WHERE c.delivery_id = d.id AND a.status BETWEEN 200 AND 299)"""
NAMES: Final[Mapping[Named, str]] = {
    "route": "SELECT DISTINCT route FROM deliveries ORDER BY 1",
    "destination": """
        SELECT destination FROM deliveries UNION SELECT name FROM totals WHERE kind = 'deliveries' ORDER BY 1""",
    "source": "SELECT source FROM submissions UNION SELECT name FROM totals WHERE kind = 'submissions' ORDER BY 1",
}
