"""A tiny assembler of classic BPF, as seccomp takes it: linux/filter.h, linux/bpf_common.h, linux/seccomp.h.

A program is a list of instructions that begins with the number of the call in the register, and whose rules each end
with what the kernel is to do. Arguments are compared in their lower 32 bits: those used here are C integers.
"""

import errno
import struct
from typing import NamedTuple

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS: a word of struct seccomp_data
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

SIZE = 8  # bytes of an instruction


class Instruction(NamedTuple):
    """``struct sock_filter``: how many instructions to skip if a comparison is true, and if it is false."""

    code: int
    if_true: int
    if_false: int
    value: int


def assemble(program: list[Instruction]) -> bytes:
    """Return the program as the kernel takes it."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def give(action: int) -> Instruction:
    """End the program with what the kernel is to do."""
    return Instruction(_RETURN, 0, 0, action)


def load_argument(index: int) -> Instruction:
    """Put an argument of the call into the register."""
    return Instruction(_LOAD, 0, 0, _ARGUMENTS + _ARGUMENT * index)


def mask(bits: int) -> Instruction:
    """Keep these bits of the register."""
    return Instruction(_AND, 0, 0, bits)


def when(value: int, *body: Instruction) -> list[Instruction]:
    """Do this if the register has the value. The body ends the program."""
    return [Instruction(_JUMP_EQUAL, 0, len(body), value), *body]


on_call = when
"""Do this if it is the call of this number. The body ends the program."""


def unless_architecture(expected: int, action: int) -> list[Instruction]:
    """Begin the program: act on calls of another architecture, and put the number of the call into the register."""
    return [
        Instruction(_LOAD, 0, 0, _ARCHITECTURE),
        Instruction(_JUMP_EQUAL, 1, 0, expected),
        give(action),
        Instruction(_LOAD, 0, 0, _NUMBER),
    ]


def from_call(number: int, action: int) -> list[Instruction]:
    """Act on calls of this and of higher numbers."""
    return [Instruction(_JUMP_AT_LEAST, 0, 1, number), give(action)]


def allow_if(*values: int) -> list[Instruction]:
    """Allow the call if the register has one of the values, and refuse it if not."""
    return [*(each for value in values for each in when(value, give(ALLOW))), give(EPERM)]


def allow_if_equal(index: int, *values: int) -> list[Instruction]:
    """Allow the call if an argument has one of the values, and refuse it if not."""
    return [load_argument(index), *allow_if(*values)]


def allow_unless_equal(index: int, *values: int) -> list[Instruction]:
    """Refuse the call if an argument has one of the values, and allow it if not."""
    return [load_argument(index), *(each for value in values for each in when(value, give(EPERM))), give(ALLOW)]


def allow_if_any_bit(index: int, bits: int) -> list[Instruction]:
    """Allow the call if an argument has one of the bits, and refuse it if not."""
    return [load_argument(index), Instruction(_JUMP_ANY_BIT, 0, 1, bits), give(ALLOW), give(EPERM)]


def allow_unless_any_bit(index: int, bits: int) -> list[Instruction]:
    """Refuse the call if an argument has one of the bits, and allow it if not."""
    return [load_argument(index), Instruction(_JUMP_ANY_BIT, 0, 1, bits), give(EPERM), give(ALLOW)]
