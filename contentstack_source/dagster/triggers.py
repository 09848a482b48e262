"""What starts a sync: a schedule, and a sensor for changes."""

import dagster as dg

from contentstack_source.dagster.stacks import Stacks
from contentstack_source.errors import ContentstackError
from contentstack_source.orchestration.change_detector import ChangeDetector


def schedule(stacks: Stacks, job_name: str, cron: str) -> dg.ScheduleDefinition:
    """Return the schedule that syncs every stack, whether anything changed or not."""

    @dg.schedule(
        name="contentstack_schedule",
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
    """Return the sensor that syncs a stack when it changed; no change costs one request per stream.

    After a run that failed it waits until another one succeeds: the schedule tries again.
    """
    detectors = {name: ChangeDetector(target) for name, target in stacks.targets.items()}

    def reason_to_skip(instance: dg.DagsterInstance, name: str) -> str | None:
        last = stacks.last_run(instance, job_name, name)
        if not _is_over(last):
            return "a run is under way"
        if last is not None and not last.is_success:
            return f"run {last.run_id[:8]} failed; the schedule tries again"
        try:
            return None if detectors[name].has_changes() else "nothing new"
        except ContentstackError as error:
            return str(error)

    @dg.sensor(
        name="contentstack_changes",
        job_name=job_name,
        minimum_interval_seconds=every_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def changes(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        reasons = {name: reason_to_skip(context.instance, name) for name in stacks.targets}
        requests = [stacks.request(name) for name, reason in reasons.items() if reason is None]
        if requests:
            return dg.SensorResult(run_requests=requests)
        text = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        return dg.SensorResult(skip_reason=text)

    return changes


def _is_over(run: dg.DagsterRun | None) -> bool:
    return run is None or run.is_finished
