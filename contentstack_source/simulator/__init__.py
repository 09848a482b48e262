"""A stand-in for the service: a stack in memory, served over HTTP the way Contentstack serves it.

    stack = Stack()
    stack.create_content_type("author", [])
    stack.publish_entry("author", "blt1", {"title": "Ada"})
    with serve(stack) as server:
        ...  # GET {server.base_url}/stacks/sync?init=true

It knows the wire and nothing of the pipeline that reads it.
"""

from contentstack_source.simulator.behavior import Behavior, Fault
from contentstack_source.simulator.demo import demo_stack
from contentstack_source.simulator.demo_edits import DAY, editors_at_work
from contentstack_source.simulator.editors import edit
from contentstack_source.simulator.server import Request, Server, serve
from contentstack_source.simulator.stack import Stack

__all__ = [
    "DAY",
    "Behavior",
    "Fault",
    "Request",
    "Server",
    "Stack",
    "demo_stack",
    "edit",
    "editors_at_work",
    "serve",
]
