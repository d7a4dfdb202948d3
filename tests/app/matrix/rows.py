"""tests/access/matrix/matrix.txt: its rows and doors."""

import dataclasses
import pathlib
import urllib.parse

DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "access" / "matrix"


@dataclasses.dataclass(frozen=True)
class Row:
    text: str
    who: str  # as the file has it
    action: str
    kind: str
    name: str
    is_allowed: bool
    rule: str

    @property
    def user(self):
        return self.who.split("@")[0].split("~")[0]

    @property
    def proof(self):
        return self.who.split("@")[1] if "@" in self.who else "password"

    @property
    def client_id(self):
        return self.who.split("~")[1] if "~" in self.who else None


@dataclasses.dataclass(frozen=True)
class Door:
    name: str     # "mqtt publish", "GET /metrics"
    right: str    # "read stream", "read area:alarms", "open", "signed-in"
    others: tuple # what it asks for besides: "manage area:rules"
    target: str   # empty: the server has it, and no row is asked for at it
    body: str

    def is_for(self, row):
        return self.right in (f"{row.action} {row.kind}", f"{row.action} {row.kind}:{row.name}")

    @property
    def shown(self):
        """(TEXT, body) where the answer shows what may be read and leaves out the rest."""
        if not self.body.startswith("shows "):
            return None
        text, _, body = self.body.removeprefix("shows ").partition(" of ")
        return text, body

    def target_of(self, row):
        return self.target.replace("{}", urllib.parse.quote(row.name, safe=""))

    def body_of(self, row):
        return (self.shown[1] if self.shown else self.body).replace("{}", row.name)


def read():
    """(doors, rows)"""
    doors, rows = [], []
    for line in (DIRECTORY / "matrix.txt").read_text().splitlines():
        if line.startswith("door "):
            parts = [part.strip() for part in line.removeprefix("door ").split("|")]
            name, right, target, body = (parts + ["", ""])[:4]
            first, *others = right.split(" & ")
            doors.append(Door(name, first, tuple(others), target, body))
        elif line and line != "#" and not line.startswith("# "):
            who, action, resource, decision, rule = line.split(None, 4)
            kind, name = resource.split(":", 1)
            rows.append(Row(line, who, action, kind, name, decision == "allow", rule))
    return doors, rows


def tokens():
    """Texts of the tokens of the file `users`, by user."""
    found = {}
    for line in (DIRECTORY / "users").read_text().splitlines():
        fields = line.split("\t")
        if fields[0] == "token":
            found[fields[2]] = f"hft_{fields[1]}.matrix-{fields[1]}"
    return found


def roles():
    """Names of the roles in access.yaml."""
    lines = (DIRECTORY / "access.yaml").read_text().splitlines()
    return [line.strip(" :") for line in lines
            if line.startswith("  ") and line.endswith(":") and line[2] != " "]


