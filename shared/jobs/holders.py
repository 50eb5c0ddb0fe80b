"""Names of the processes that run attempts at jobs. The token of an attempt starts with the name of its holder."""


def process_name(hostname: str, pid: int | str | None) -> str:
    """Return the name under which a pool process holds leases: its worker's node name and its process id."""
    return f"{node_label(hostname)}:{pid}"


def node_label(node: str) -> str:
    """Return a node name as holders have it: without dots, since a dot ends the holder in a token."""
    return node.replace(".", "-")


def label_of_holder(holder: str) -> str:
    """Return the label of the worker of a process; a name without a process id is returned unchanged."""
    label, colon, _ = holder.rpartition(":")
    return label if colon else holder


def holder_of_token(token: str) -> str:
    """Return the holder of an attempt."""
    return token.rpartition(".")[0]
