"""Model files with an edited header, and a correct checksum."""

from __future__ import annotations

import json
import struct
import zlib

import fanin

SMALL = fanin.Network(2, [fanin.Dense(1)]).to_bytes()


def packed(header: str | bytes, data: bytes = b"") -> bytes:
    encoded = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(encoded)) + encoded + data


def edited(change, net: fanin.Network | None = None) -> bytes:
    """Return a file with its header and description edited by `change`, and a correct checksum."""
    file = SMALL if net is None else net.to_bytes()
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:end])
    description = json.loads(header["__metadata__"]["fanin"])
    change(header, description)
    text = json.dumps(description)
    header["__metadata__"]["fanin"] = text
    header["__metadata__"]["crc32"] = f"{zlib.crc32(text.encode()):08x}"
    return packed(json.dumps(header), file[end:])


def set_in(*path):
    *parents, key, value = path

    def change(_, description):
        place = description
        for name in parents:
            place = place[name]
        place[key] = value

    return change
