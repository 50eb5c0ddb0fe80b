"""Makes ``celery control rate_limit`` take effect at once, also for the messages that wait for the previous limit.

Celery gives the task a new token bucket, but leaves the received messages in the previous one until its next token.
After ``1/h`` that can be an hour, and the worker receives no other message in the meantime.
"""

from typing import Any

from celery.worker import control


def apply_rate_limits_at_once() -> None:
    """Replace Celery's command of this process."""

    @control.control_command(
        args=[("task_name", str), ("rate_limit", str)], signature="<task_name> <rate_limit (e.g., 5/s | 5/m | 5/h)>"
    )
    def rate_limit(state: Any, task_name: str, rate_limit: str | int, **options: object) -> object:  # noqa: ANN401 - Celery's state has no public type
        """Tell worker(s) to modify the rate limit for a task by type."""
        consumer = state.consumer
        previous = consumer.task_buckets[task_name]
        reply = control.rate_limit(state, task_name, rate_limit, **options)  # type: ignore[attr-defined]
        present = consumer.task_buckets[task_name]
        if previous is None or previous is present:  # there was no limit, or the new one is invalid
            return reply
        held = list(previous.contents)
        previous.clear_pending()
        for request, tokens in held:
            if present is None:
                consumer._limit_move_to_pool(request)  # noqa: SLF001 - what Celery does with a token
            else:
                consumer._limit_task(request, present, tokens)  # noqa: SLF001 - what Celery does on receipt
        return reply
