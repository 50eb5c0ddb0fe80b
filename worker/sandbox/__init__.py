"""A wall around the decoders: what a pool process gives up before it reads documents of strangers.

An attacker who exploits a decoder runs code as that process. The kernel refuses it, for good, the programs, processes,
files and connections that no document needs: by Landlock (files, TCP ports) and seccomp (system calls), where it has
them.
"""

from worker.sandbox.enforcement import confine, missing, outdated, report
from worker.sandbox.policy import Policy, policy_of

__all__ = ["Policy", "confine", "missing", "outdated", "policy_of", "report"]
