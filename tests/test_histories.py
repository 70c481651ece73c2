"""The search for personal data in histories finds what there is, and nothing else.

The histories themselves are searched at the end of every test that runs an office.
"""

from collections.abc import Iterable

import pytest
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import TaskQueueKind
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from tests.histories import personal_data_in

KNOWN = ("Siân Rees", "Some words")


def signalled(data: bytes) -> HistoryEvent:
    event = HistoryEvent()
    payloads = Payloads(payloads=[Payload(metadata={"encoding": b"json/plain"}, data=data)])
    event.workflow_execution_signaled_event_attributes.input.CopyFrom(payloads)
    return event


def failed(message: str) -> HistoryEvent:
    event = HistoryEvent()
    attempt = event.activity_task_started_event_attributes
    attempt.identity = "1234@host.example"
    attempt.last_failure.CopyFrom(Failure(cause=Failure(message=message)))
    return event


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (signalled(b'{"by": "con_1", "to": "lea@council.example"}'), ["lea@council.example"]),
        (signalled('{"by": "Siân Rees"}'.encode()), ["Siân Rees"]),
        (signalled(rb'{"by": "Si\u00e2n Rees"}'), ["Siân Rees"]),
        (failed("cannot write to lea@council.example"), ["lea@council.example"]),
        (failed("no row with 'Some words'"), ["Some words"]),
        (signalled(b'{"by": "con_1", "text": "txt_1"}'), []),
        (failed("DeliveryNotYet: 1 of 3 emails have to wait."), []),
    ],
)
def test_personal_data_is_found_wherever_it_stands(
    event: HistoryEvent, found: Iterable[str]
) -> None:
    assert personal_data_in([event], KNOWN) == found


def test_a_queue_named_after_a_worker_s_host_is_no_email_address() -> None:
    event = HistoryEvent()
    queue = event.workflow_task_scheduled_event_attributes.task_queue
    queue.name, queue.kind = "1234@host.example-0f1e", TaskQueueKind.TASK_QUEUE_KIND_STICKY
    assert personal_data_in([event], KNOWN) == []


def test_the_length_of_a_text_is_not_taken_for_an_at_sign() -> None:
    event = HistoryEvent()
    sixty_four = "onboarding.eng_1".ljust(64, "x")
    event.workflow_execution_started_event_attributes.first_execution_run_id = sixty_four
    assert b"@onboarding.eng_1" in event.SerializeToString()
    assert personal_data_in([event], KNOWN) == []
