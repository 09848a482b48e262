"""What starts a sync: the clock, and news of the stack."""

import dagster as dg

from contentstack_source.dagster.stacks import Stacks
from contentstack_source.errors import ContentstackError
from contentstack_source.orchestration.change_detector import Watch


def schedule(stacks: Stacks, job_name: str, cron: str) -> dg.ScheduleDefinition:
    """Return what syncs every stack by the clock, whether there is news or not."""

    @dg.schedule(
        name="contentstack_clock",
        job_name=job_name,
        cron_schedule=cron,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def clock(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        tick = context.scheduled_execution_time.isoformat()
        return [
            stacks.request(name, tick)
            for name in stacks.targets
            if _is_over(stacks.last_run(context.instance, job_name, name))
        ]

    return clock


def sensor(stacks: Stacks, job_name: str, every_seconds: int) -> dg.SensorDefinition:
    """Return what syncs a stack when it has news; no news cost one request a stream.

    After a run that failed it waits until another one went well: the clock tries again.
    """
    watches = {name: Watch(target) for name, target in stacks.targets.items()}

    def reason_to_skip(instance: dg.DagsterInstance, name: str) -> str | None:
        last = stacks.last_run(instance, job_name, name)
        if not _is_over(last):
            return "a run is under way"
        if last is not None and not last.is_success:
            return f"run {last.run_id[:8]} did not go well; the clock tries again"
        try:
            return None if watches[name].has_news() else "nothing new"
        except ContentstackError as error:
            return str(error)

    @dg.sensor(
        name="contentstack_news",
        job_name=job_name,
        minimum_interval_seconds=every_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def news(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        reasons = {name: reason_to_skip(context.instance, name) for name in stacks.targets}
        requests = [stacks.request(name) for name, reason in reasons.items() if reason is None]
        if requests:
            return dg.SensorResult(run_requests=requests)
        told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        return dg.SensorResult(skip_reason=told)

    return news


def _is_over(run: dg.DagsterRun | None) -> bool:
    return run is None or run.is_finished
