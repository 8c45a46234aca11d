"""What the system tests are built from; README.md in the directory above shows how."""

from . import own_hosts, settings
from .agent import LOG_LINE, Agent
from .case import SystemTest, main, only_vedette
from .node import Node
from .ports import free_port
from .process import Process
from .resp import Closed, Connection, Error, encode, pairs
from .waiting import Impatient, wait_for, watch
from .writer import Writer

__all__ = [
    "LOG_LINE", "Agent", "Closed", "Connection", "Error", "Impatient", "Node", "Process",
    "SystemTest", "Writer", "encode", "free_port", "main", "only_vedette", "own_hosts", "pairs",
    "settings", "wait_for", "watch",
]
