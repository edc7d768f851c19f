"""Fillout's webhook for submissions."""

from typing import Final

from leadbridge.sources.preset import Path, Preset
from leadbridge.sources.shapes import each, event, labelled

PRESET: Final = Preset(
    name="fillout",
    title="Fillout",
    description="Submissions by Fillout's webhook: answers by question, scheduling, payments, URL parameters.",
    shape=each(
        "",
        event(
            labelled(
                "submission.questions",
                label="name",
                key="id",
                type="type",
                types={
                    "EmailInput": "email",
                    "PhoneNumber": "phone",
                    "URLInput": "website",
                    "Address": "address",
                    "NumberInput": "number",
                    "DatePicker": "date",
                    "MultipleChoice": "choice",
                    "MultiSelect": "choice",
                    "Checkboxes": "choice",
                    "Dropdown": "choice",
                    "FileUpload": "file",
                    "Signature": "file",
                },
            ),
            labelled("submission.scheduling", label="name", key="id"),
            labelled("submission.payments", label="name", key="id"),
            labelled("submission.calculations", label="name", key="id", kind="hidden"),
            # One of them is often called `email`; it must not get in the way of a question of this name.
            labelled("submission.urlParameters", label="name", key="id", under="urlParameters", kind="hidden"),
            meta={
                "form_id": "formId",
                "form_name": "formName",
                "submission_id": "submission.submissionId",
                "submitted_at": "submission.submissionTime",
            },
        ),
    ),
    scheme={"scheme": "token", "header": "x-webhook-token"},  # it signs nothing, but sends headers of our choice
    dedupe=(Path("submission.submissionId"),),
    event_at=Path("submission.submissionTime"),
)
