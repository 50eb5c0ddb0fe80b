"""The sandbox: a pool process gives up privileges before it reads untrusted documents.

An attacker who exploits a decoder runs code as that process. The kernel permanently denies the process the programs,
processes, files and connections that no document needs. It uses Landlock (files, TCP ports) and seccomp (system calls),
where they are available.
"""

from worker.sandbox.enforcement import confine, has_replaced_directory, log_status, missing_protections
from worker.sandbox.policy import Policy, policy_from_settings

__all__ = [
    "Policy",
    "confine",
    "has_replaced_directory",
    "log_status",
    "missing_protections",
    "policy_from_settings",
]
