"""A small assembler for classic BPF, the language of seccomp filters.

Sources: linux/filter.h, linux/bpf_common.h, linux/seccomp.h.

A program is a list of instructions. It starts with the number of the system call in the register, and each rule ends
with an action for the kernel. Only the lower 32 bits of arguments are compared, because the arguments used here are C
integers.
"""

import errno
import struct
from typing import NamedTuple

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS: load a word of struct seccomp_data
_JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT = 0x15, 0x35, 0x45  # BPF_JMP | BPF_JEQ, BPF_JGE, BPF_JSET; all | BPF_K
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

# struct seccomp_data: int nr, u32 arch, u64 instruction_pointer, u64 args[6]; both architectures are little-endian.
_NUMBER, _ARCHITECTURE, _ARGUMENTS, _ARGUMENT = 0, 4, 16, 8

ALLOW = 0x7FFF_0000
KILL_PROCESS = 0x8000_0000
_ERRNO = 0x0005_0000
EPERM = _ERRNO | errno.EPERM
ENOSYS = _ERRNO | errno.ENOSYS

SIZE = 8  # bytes per instruction


class Instruction(NamedTuple):
    """``struct sock_filter``. ``if_true`` and ``if_false`` are the numbers of instructions to skip."""

    code: int
    if_true: int
    if_false: int
    value: int


def assemble(program: list[Instruction]) -> bytes:
    """Return the program in the kernel's binary form."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def return_action(action: int) -> Instruction:
    """End the program with this action for the kernel."""
    return Instruction(_RETURN, 0, 0, action)


def load_argument(index: int) -> Instruction:
    """Load an argument of the call into the register."""
    return Instruction(_LOAD, 0, 0, _ARGUMENTS + _ARGUMENT * index)


def mask(bits: int) -> Instruction:
    """Keep only these bits of the register."""
    return Instruction(_AND, 0, 0, bits)


def if_equal(value: int, *body: Instruction) -> list[Instruction]:
    """Run the body if the register has this value. The body ends the program."""
    return [Instruction(_JUMP_EQUAL, 0, len(body), value), *body]


on_call = if_equal
"""Run the body if the call has this number. The body ends the program."""


def unless_architecture(expected: int, action: int) -> list[Instruction]:
    """Start the program: apply the action to calls of other architectures, then load the call number."""
    return [
        Instruction(_LOAD, 0, 0, _ARCHITECTURE),
        Instruction(_JUMP_EQUAL, 1, 0, expected),
        return_action(action),
        Instruction(_LOAD, 0, 0, _NUMBER),
    ]


def from_call(number: int, action: int) -> list[Instruction]:
    """Apply the action to calls with this number or a higher one."""
    return [Instruction(_JUMP_AT_LEAST, 0, 1, number), return_action(action)]


def allow_if(*values: int) -> list[Instruction]:
    """Allow the call if the register has one of the values; otherwise deny it."""
    return [*(each for value in values for each in if_equal(value, return_action(ALLOW))), return_action(EPERM)]


def allow_if_equal(index: int, *values: int) -> list[Instruction]:
    """Allow the call if the argument has one of the values; otherwise deny it."""
    return [load_argument(index), *allow_if(*values)]


def allow_unless_equal(index: int, *values: int) -> list[Instruction]:
    """Deny the call if the argument has one of the values; otherwise allow it."""
    return [
        load_argument(index),
        *(each for value in values for each in if_equal(value, return_action(EPERM))),
        return_action(ALLOW),
    ]


def allow_if_any_bit(index: int, bits: int) -> list[Instruction]:
    """Allow the call if the argument has any of the bits; otherwise deny it."""
    return [load_argument(index), Instruction(_JUMP_ANY_BIT, 0, 1, bits), return_action(ALLOW), return_action(EPERM)]


def allow_unless_any_bit(index: int, bits: int) -> list[Instruction]:
    """Deny the call if the argument has any of the bits; otherwise allow it."""
    return [load_argument(index), Instruction(_JUMP_ANY_BIT, 0, 1, bits), return_action(EPERM), return_action(ALLOW)]
