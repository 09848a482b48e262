"""What a run and the source it runs share."""

from __future__ import annotations

from dataclasses import dataclass, field

from contentstack_source.source.stats import PassStats


@dataclass
class RunContext:
    """Handed to a source when it is made; one for each pass.

    Attributes:
        loads_once: the run never lets dlt do a load a second time. So new tables need no merge, and
            the run itself deletes the pages of a pass once its load is confirmed. `pipeline.run`
            may load a package again, in a later run.
        stats: of the pass; empty until it runs.
    """

    loads_once: bool = False
    stats: PassStats = field(default_factory=PassStats)
