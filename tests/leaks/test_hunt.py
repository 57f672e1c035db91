"""The hunt finds a planted value in every encoding, alone and nested, and raises no alarm over noise (R-099)."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import os
import pickle
import random
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from boundary import hunt as hunting
from boundary import unpack
from boundary.hunt import Find, hunt

ADDRESS = b"els.peeters@voorbeeld.example"
CANARY = b"Kanarie-Zevenster-7331"
# Long enough that the values lie across the lines of wrapped base64, short of the first compressed back reference.
FILLER = b"contactid;voornaam;naam;mail;taal;lidmaatschap;gewest "
SECRET = FILLER + CANARY + b" ; " + ADDRESS + b" ; nl\n"

Wrap = Callable[[bytes], bytes]


def zipped(data: bytes, *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("first.txt", b"nothing here " * 20)
        archive.writestr("second.bin", data)
    return out.getvalue()


def streamed_zip(data: bytes) -> bytes:
    """A zip written to a pipe: sizes stand after each member, not before it."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.out = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: Any) -> int:
            self.out += bytes(piece)
            return len(bytes(piece))

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", data)
    return bytes(pipe.out)


def workbook(data: bytes) -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"Naam": ["a", "b"], "E-mail": [data.decode("ascii"), "c"]}).write_excel(out)
    return out.getvalue()


def parquet(data: bytes, *, compression: str = "snappy", **options: Any) -> bytes:
    out = io.BytesIO()
    values = pa.array([b"x", data, None, b"y"], pa.binary())
    pq.write_table(
        pa.table({"n": [1, 2, 3, 4], "v": values}),
        out,
        compression=compression,
        write_statistics=False,
        **options,
    )
    return out.getvalue()


def nested_parquet(data: bytes) -> bytes:
    value = [{"k": [[data]]}, None]
    kind = pa.list_(pa.struct([("k", pa.list_(pa.list_(pa.large_binary())))]))
    column = pa.array([[value[0]], None], kind)
    mapped = pa.array([[("key", b"x" * 40)], None], pa.map_(pa.string(), pa.binary()))
    out = io.BytesIO()
    pq.write_table(pa.table({"l": column, "m": mapped}), out, compression="zstd", write_statistics=False)
    return out.getvalue()


def parquet_statistics(data: bytes) -> bytes:
    """Only the footer shows the value: its page is encrypted in other files, here it is compressed out of sight."""
    out = io.BytesIO()
    pq.write_table(pa.table({"v": pa.array([data] * 3, pa.binary())}), out, compression="gzip")
    return out.getvalue()


def parquet_metadata(data: bytes) -> bytes:
    out = io.BytesIO()
    table = pa.table({"n": [1]}).replace_schema_metadata({"written_for": data})
    pq.write_table(table, out)
    return out.getvalue()


def arrow(data: bytes) -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"v": [data] * 5}).write_ipc(out, compression="lz4")
    return out.getvalue()


def database(data: bytes, *, mode: str = "delete", encoding: str = "UTF-8") -> bytes:
    """A database whose value lies on overflow pages, cut into pieces."""
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute(f"PRAGMA encoding = '{encoding}'")
        base.execute(f"PRAGMA journal_mode = {mode}")
        base.execute('CREATE TABLE "odd ""name" (id INTEGER PRIMARY KEY, filler BLOB, value BLOB)')
        value = data.decode("ascii") if data.isascii() else data
        base.execute('INSERT INTO "odd ""name" VALUES (1, ?, ?)', (b"\xfe" * 4000, value))
        base.commit()
        return base.serialize()


def parquet_pages_only(data: bytes) -> bytes:
    return parquet(data, compression="zstd")


def pickled(data: bytes, protocol: int = 5) -> bytes:
    return pickle.dumps({"args": ["x" * 30, data], "n": np.arange(3)}, protocol)


def in_json(data: bytes) -> bytes:
    return json.dumps({"data": data.decode("ascii"), "more": [1]}).encode()


def every_character(form: str) -> Wrap:
    return lambda data: "".join(form.format(byte) for byte in data).encode()


@dataclass(frozen=True, slots=True)
class Encoding:
    """``text``: can only hold ASCII text. ``gives_text``: and is ASCII text itself."""

    wrap: Wrap
    text: bool = False
    gives_text: bool = False


ENCODINGS = {
    "plain": Encoding(lambda data: data, gives_text=True),
    "gzip": Encoding(gzip.compress),
    "zlib": Encoding(zlib.compress),
    "bzip2": Encoding(bz2.compress),
    "xz": Encoding(lzma.compress),
    "zstd": Encoding(lambda data: zstandard.compress(data)),
    "zip": Encoding(zipped),
    "zip stored": Encoding(partial(zipped, method=zipfile.ZIP_STORED)),
    "zip bzip2": Encoding(partial(zipped, method=zipfile.ZIP_BZIP2)),
    "zip lzma": Encoding(partial(zipped, method=zipfile.ZIP_LZMA)),
    "zip streamed": Encoding(streamed_zip),
    "xlsx": Encoding(workbook, text=True),
    **{
        f"parquet {name}": Encoding(partial(parquet, compression=name))
        for name in ("none", "snappy", "zstd", "gzip", "lz4", "brotli")
    },
    "parquet without dictionary": Encoding(partial(parquet, use_dictionary=False)),
    "parquet pages version 2": Encoding(partial(parquet, data_page_version="2.0")),
    "parquet nested": Encoding(nested_parquet),
    "parquet statistics": Encoding(parquet_statistics),
    "parquet metadata": Encoding(parquet_metadata, text=True),
    "arrow": Encoding(arrow),
    "sqlite": Encoding(database),
    "sqlite with a write-ahead log": Encoding(partial(database, mode="wal")),
    "sqlite in UTF-16": Encoding(partial(database, encoding="UTF-16be")),
    "pickle": Encoding(pickled),
    "pickle 3": Encoding(partial(pickled, protocol=3)),
    "pickled numpy text": Encoding(lambda data: pickle.dumps(np.array([data.decode("ascii")])), text=True),
    "base64": Encoding(base64.b64encode, gives_text=True),
    "base64 behind a path": Encoding(lambda data: b"/a/bc_" + base64.b64encode(data), gives_text=True),
    "base64 wrapped": Encoding(base64.encodebytes, gives_text=True),
    "base64 wrapped with CR": Encoding(
        lambda data: base64.encodebytes(data).replace(b"\n", b"\r\n  "), gives_text=True
    ),
    "base64 wrapped in JSON": Encoding(lambda data: in_json(base64.encodebytes(data)), gives_text=True),
    "base64 with escaped slashes": Encoding(
        lambda data: base64.b64encode(data).replace(b"/", b"\\/"), gives_text=True
    ),
    "base64 in a query": Encoding(
        lambda data: b"?x=" + quote(base64.b64encode(data), safe="").encode(), gives_text=True
    ),
    "url-safe base64 without padding": Encoding(
        lambda data: base64.urlsafe_b64encode(data).rstrip(b"="), gives_text=True
    ),
    "hex": Encoding(lambda data: data.hex().encode(), gives_text=True),
    "percent": Encoding(lambda data: quote(data, safe="").encode(), gives_text=True),
    "percent of every byte": Encoding(every_character("%{:02X}"), gives_text=True),
    "percent twice": Encoding(lambda data: quote(quote(data, safe=""), safe="").encode(), gives_text=True),
    "hex escapes": Encoding(every_character("\\x{:02x}"), gives_text=True),
    "JSON escapes": Encoding(every_character("\\u{:04x}"), text=True, gives_text=True),
    "JSON escapes in JSON": Encoding(
        lambda data: in_json(every_character("\\u{:04X}")(data)), text=True, gives_text=True
    ),
    "HTML": Encoding(
        lambda data: html.escape(data.decode("ascii")).replace("@", "&#64;").replace("-", "&#x2d;").encode(),
        text=True,
        gives_text=True,
    ),
    "HTML of every character": Encoding(every_character("&#{};"), text=True, gives_text=True),
    "UTF-16": Encoding(lambda data: data.decode("ascii").encode("utf-16"), text=True),
    "UTF-16 LE": Encoding(lambda data: data.decode("ascii").encode("utf-16-le"), text=True),
    "UTF-16 BE": Encoding(lambda data: data.decode("ascii").encode("utf-16-be"), text=True),
    "UTF-32": Encoding(lambda data: data.decode("ascii").encode("utf-32-be"), text=True),
}
NESTED = [
    (outer, inner)
    for outer, outside in ENCODINGS.items()
    for inner, inside in ENCODINGS.items()
    if "plain" not in (outer, inner) and (inside.gives_text or not outside.text)
]


def hunted(*paths: Path, canaries: Sequence[bytes] = (CANARY,), **options: Any) -> list[Find]:
    return list(hunt(paths, frozenset(canaries), **options))


def kinds_in(data: bytes, folder: Path, **options: Any) -> set[str]:
    file = folder / "file"
    file.write_bytes(data)
    finds = hunted(file, **options)
    # Where, never what.
    assert repr(finds).count("peeters") + repr(finds).count("Zevenster") == 0
    return {find.kind for find in finds}


@pytest.mark.parametrize("name", ENCODINGS)
def test_an_address_and_a_canary_are_found_in_every_encoding(name: str, tmp_path: Path) -> None:
    assert kinds_in(ENCODINGS[name].wrap(SECRET), tmp_path) == {"address", "canary"}


@pytest.mark.parametrize("outer", ENCODINGS)
def test_an_address_and_a_canary_are_found_in_every_encoding_of_an_encoding(
    outer: str, tmp_path: Path
) -> None:
    missed = {
        inner: kinds
        for outside, inner in NESTED
        if outside == outer
        and not (kinds := kinds_in(ENCODINGS[outer].wrap(ENCODINGS[inner].wrap(SECRET)), tmp_path))
        >= {"address", "canary"}
    }
    assert missed == {}


@pytest.mark.parametrize("name", ENCODINGS)
def test_nothing_is_found_where_nothing_was_planted(name: str, tmp_path: Path) -> None:
    assert kinds_in(ENCODINGS[name].wrap(FILLER * 3), tmp_path) == set()


def test_the_chain_of_the_orchestrator_is_followed(tmp_path: Path) -> None:
    """A pickle in wrapped base64 in JSON in a database in a zip in a zip."""
    stored = json.dumps(
        {"serializer": "pickle", "data": base64.encodebytes(pickled(SECRET)).decode()}
    ).encode()
    assert kinds_in(zipped(zipped(database(stored))), tmp_path) == {"address", "canary"}


def test_a_find_tells_the_way_in(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 10 + gzip.compress(b"y" * 5 + b" " + ADDRESS))
    assert hunted(file) == [Find(path=str(file), offset=6, layer="gzip@10", kind="address")]
    file.write_bytes(b"to: " + ADDRESS)
    assert hunted(file) == [Find(path=str(file), offset=4, layer="plain", kind="address")]
    file.write_bytes(b"to: " + quote(ADDRESS, safe="").encode())
    assert hunted(file) == [Find(path=str(file), offset=4, layer="escaped", kind="address")]


@pytest.mark.parametrize(
    "text",
    [
        "kanarie-zevenster-7331",
        "KANARIE-ZEVENSTER-7331",
        "%4Banarie-Zevenster-7331",
        "Kanarie-Zevenster-7331",
    ],
)
def test_a_canary_is_found_in_any_letter_case(text: str, tmp_path: Path) -> None:
    assert kinds_in(text.encode(), tmp_path) == {"canary"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le", "utf-16-be"])
def test_a_canary_with_accents_is_found(encoding: str, tmp_path: Path) -> None:
    canary = "Zoë Zevenstér"
    assert kinds_in(f"x;{canary};y".encode(encoding), tmp_path, canaries=[canary.encode()]) == {"canary"}
    escaped = json.dumps([canary]).encode()
    assert kinds_in(escaped, tmp_path, canaries=[canary.encode()]) == {"canary"}


def test_many_canaries_are_told_apart(tmp_path: Path) -> None:
    canaries = [f"kanarie{number:05d}@voorbeeld".encode() for number in range(20_000)]
    file = tmp_path / "file"
    file.write_bytes(b"a kanarie00007@voorbeeld b KANARIE19999@VOORBEELD c kanarie20000@voorbeeld")
    assert [find.offset for find in hunted(file, canaries=canaries)] == [2, 27]


def test_a_canary_that_stands_everywhere_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        hunted(canaries=[b"jan"])


def test_noise_raises_no_alarm(tmp_path: Path) -> None:
    assert kinds_in(random.Random(3).randbytes(24 << 20), tmp_path) == set()


def test_an_encrypted_table_raises_no_alarm(tmp_path: Path) -> None:
    frame = pl.DataFrame({"who": [SECRET] * 2000, "n": range(2000)})
    keys = pl.ParquetEncryptionProperties(footer_key=bytes(range(16)), aad_prefix=b"x")
    frame.write_parquet(tmp_path / "file", encryption=keys)
    assert hunted(tmp_path / "file") == []


@pytest.mark.parametrize(
    "text",
    [
        b"@app.route('/')\ndef home(): ...\n",
        b"\n".join(os.urandom(20).hex().encode() for _ in range(500)),
        b"\n".join(base64.b64encode(os.urandom(32)) for _ in range(500)),
        json.dumps({"code": "import x\n@app.route(1)\n@functools.cache\n"}).encode(),
        b"root@localhost logged in to user@host from icon@2x.png",
        b"PK\x03\x04 is how a zip begins, \x1f\x8b\x08 a gzip, PAR1 a table and SQLite format 3 a database",
        b"x^2 + (\xb5/\xfd = BZh91AY",
    ],
)
def test_code_hashes_and_talk_raise_no_alarm(text: bytes, tmp_path: Path) -> None:
    assert kinds_in(text, tmp_path) == set()


def test_addresses_of_allowed_domains_may_stand(tmp_path: Path) -> None:
    data = b"dpo@fonds.example, dpo@nl.fonds.example, els@anderfonds.example, els@fonds.example.test"
    file = tmp_path / "file"
    file.write_bytes(data)
    offsets = [find.offset for find in hunted(file, allowed_domains=frozenset({"Fonds.example"}))]
    assert offsets == [data.index(b"els@"), data.rindex(b"els@")]


def test_folders_are_searched_with_all_that_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "a" / ".hidden").mkdir(parents=True)
    for name in ("a/.hidden/x", "b", "a/c"):
        (tmp_path / name).write_bytes(ADDRESS)
    finds = hunted(tmp_path)
    assert [find.path.removeprefix(f"{tmp_path}/") for find in finds] == ["b", "a/c", "a/.hidden/x"]
    assert hunted(tmp_path / "b", tmp_path / "a" / "c") == [finds[0], finds[1]]


def test_an_address_in_a_name_is_found_and_not_shown(tmp_path: Path) -> None:
    folder = tmp_path / "els.peeters@voorbeeld.example"
    folder.mkdir()
    (folder / "x").write_bytes(ADDRESS)
    (tmp_path / "els.peeters%40voorbeeld.example.csv").write_bytes(b"")
    finds = hunted(tmp_path)
    assert [(find.layer, find.kind) for find in finds] == [
        ("name", "address"),
        ("name", "address"),
        ("plain", "address"),
    ]
    assert sum("peeters" in find.path for find in finds) == 0


def test_a_name_that_is_not_unicode_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff\xfe")).write_bytes(ADDRESS)
    (find,) = hunted(tmp_path)
    assert find.kind == "address"


def test_large_files_are_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hunting, "_MAPPED_BYTES", 1)
    for name, encoding in ENCODINGS.items():
        assert (name, kinds_in(encoding.wrap(SECRET), tmp_path)) == (name, {"address", "canary"})


def test_nothing_is_lost_or_told_twice_where_a_stream_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "PIECE_BYTES", 200_000)
    line = b"%06d " + ADDRESS + b" ; nl ; Gent\n"
    text = b"".join(line % number for number in range(20_000))
    file = tmp_path / "file"
    file.write_bytes(gzip.compress(text))
    offsets = [find.offset for find in hunted(file)]
    assert offsets == list(range(7, len(text), len(line % 0)))


def test_nothing_is_lost_where_a_window_ends(tmp_path: Path) -> None:
    """The searches look at a quarter of a megabyte at a time."""
    file = tmp_path / "file"
    for wrap in (lambda data: data, quoted := ENCODINGS["percent"].wrap, base64.b64encode, gzip.compress):
        for shift in range(-60, 20, 7):
            file.write_bytes(b" " * ((1 << 18) + shift) + wrap(FILLER + CANARY + b" ; " + ADDRESS))
            assert {find.kind for find in hunted(file)} == {"address", "canary"}, (wrap is quoted, shift)


UNREADABLE = {
    "cut gzip": gzip.compress(os.urandom(9000))[:-4000],
    "broken gzip": gzip.compress(b"x")[:12] + b"\xff" * 9,
    "cut zstd": zstandard.compress(os.urandom(9000))[:-4000],
    "cut xz": lzma.compress(os.urandom(9000))[:-4000],
    "cut bzip2": bz2.compress(os.urandom(9000))[:-4000],
    "cut zip": zipped(os.urandom(9000))[:-4000],
    "zip with a password": zipped(b"abc").replace(
        b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00"
    ),
    "zip of an unknown method": zipped(b"abc" * 99).replace(
        b"PK\x03\x04\x14\x00\x00\x00\x08\x00", b"PK\x03\x04\x14\x00\x00\x00\x63\x00"
    ),
    "cut parquet": parquet(b"abc")[:-20],
    "broken parquet": parquet(b"abc" * 50).replace(b"abc", b"\xff\xff\xff")[:4]
    + b"\xff" * 100
    + parquet(b"abc" * 50)[104:],
    "broken sqlite": database(b"abc")[:100] + b"\xff" * 3000 + database(b"abc")[3100:],
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_to_its_end_is_told(name: str, tmp_path: Path) -> None:
    assert kinds_in(UNREADABLE[name], tmp_path) == {"unreadable"}


def test_the_readable_part_of_a_broken_stream_is_searched(tmp_path: Path) -> None:
    cut = gzip.compress(SECRET + os.urandom(9000))[:-4000]
    assert kinds_in(cut, tmp_path) == {"address", "canary", "unreadable"}


def test_what_is_not_there_or_no_file_is_told_and_does_not_stop_the_hunt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "a-pipe")
    (tmp_path / "b-link").symlink_to("nowhere")
    (tmp_path / "c-denied").write_bytes(ADDRESS)
    (tmp_path / "d-file").write_bytes(ADDRESS)
    opened = os.open

    def denied(name: Any, flags: int, *mode: int) -> int:
        if str(name).endswith("c-denied"):
            raise PermissionError(13, "denied")
        return opened(name, flags, *mode)

    monkeypatch.setattr(os, "open", denied)
    finds = hunted(tmp_path / "missing", tmp_path)
    assert [(Path(find.path).name, find.kind) for find in finds] == [
        ("missing", "unreadable"),
        ("a-pipe", "unreadable"),
        ("b-link", "unreadable"),
        ("c-denied", "unreadable"),
        ("d-file", "address"),
    ]


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    listed = os.scandir

    def denied(name: Any) -> Any:
        if str(name).endswith("closed"):
            raise PermissionError(13, "denied", name)
        return listed(name)

    monkeypatch.setattr(os, "scandir", denied)
    (find,) = hunted(tmp_path)
    assert (Path(find.path).name, find.kind) == ("closed", "unreadable")


BOMBS = {
    "gzip": lambda: gzip.compress(bytes(64 << 20)),
    "zstd": lambda: zstandard.compress(bytes(64 << 20)),
    "bzip2": lambda: bz2.compress(bytes(64 << 20)),
    "xz": lambda: lzma.compress(bytes(64 << 20), preset=1),
    "zip": lambda: zipped(bytes(64 << 20)),
    "gzip of gzip": lambda: gzip.compress(gzip.compress(bytes(64 << 20))),
    "many members": lambda: gzip.compress(bytes(8 << 20)) * 40,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_and_says_so(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(BOMBS[name]())
    finds = hunted(file, allowance_bytes=8 << 20)
    assert finds[-1].kind == "unreadable"
    assert "too large" in finds[-1].layer


def test_a_stream_is_never_unpacked_at_once() -> None:
    """What a few kilobytes of input give stays small, however well they were packed."""
    for name in ("gzip", "zstd", "bzip2", "xz"):
        packed = next(unpack.packed(BOMBS[name]()))
        sizes = [len(piece) for piece in packed.pieces()]
        assert sum(sizes) == 64 << 20, name
    assert max(map(len, unpack._step(bz2.BZ2Decompressor(), bz2.compress(bytes(64 << 20))))) <= 16 << 20


def test_what_is_nested_too_deep_is_told(tmp_path: Path) -> None:
    data = SECRET
    for _ in range(hunting.DEPTH + 3):
        data = base64.b64encode(data)
    assert kinds_in(data, tmp_path) == {"unreadable"}
    assert kinds_in(data, tmp_path, depth=hunting.DEPTH + 9) == {"address", "canary"}


def test_the_hunt_writes_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "base")) as base:
        base.execute("PRAGMA journal_mode = wal")
        base.execute("CREATE TABLE t (a)")
        base.execute("INSERT INTO t VALUES (?)", (ADDRESS.decode(),))
        base.commit()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {find.kind for find in hunted(tmp_path)} == {"address"}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
