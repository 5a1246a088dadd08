"""What it costs to keep profiles: time for each observation, work, the worst single one, memory.

    python -m tests.bench.profiles [--large] [--office 5000]

Rule: made-up people of Vietnam contact a center by phone, form, mail and chat, each with several
spellings of their name and number; everything is normalised, indexed, compared and clustered. The
collector of garbage stands still while single observations are timed and runs while many are. Work
is counted as well as timed: how many records an observation is compared with, and how many are
clustered anew, must not grow with how many are known.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from tongdai.model.contact import Claim
from tongdai.model.text import fold
from tongdai.profiles import Observation, Resolver

_START: Final = 1_767_225_600_000_000
_BETWEEN: Final = 60_000_000  # microseconds from one contact to the next
_FAMILY: Final = [
    *("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng"),
    *("Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý"),
]
_SHARE: Final = (38, 11, 9.5, 7, 5, 4.5, 3.9, 3.9, 2.1, 2, 1.4, 1.3, 1.3, 1, 0.5)
_MIDDLE: Final = [
    *("Thị", "Văn", "Minh", "Ngọc", "Thanh", "Đức", "Kim", "Hoàng", "Quốc"),
    *("Bảo", "Thu", "Hữu", "Xuân", "Gia", "Hồng", "Tuấn"),
]
_GIVEN: Final = [
    *("An", "Anh", "Bình", "Châu", "Chi", "Cường", "Dũng", "Duy", "Giang"),
    *("Hà", "Hải", "Hạnh", "Hiếu", "Hoa", "Hùng", "Hương", "Huy", "Khánh"),
    *("Khoa", "Lan", "Linh", "Long", "Mai", "Minh", "My", "Nam", "Nga"),
    *("Ngân", "Nhung", "Oanh", "Phát", "Phong", "Phúc", "Quân", "Quang", "Quỳnh"),
    *("Sơn", "Tâm", "Thảo", "Thắng", "Thủy", "Trang", "Trí", "Tú", "Tuấn"),
    *("Uyên", "Vân", "Vy", "Yến", "Đạt", "Lộc", "Nhi", "Tiến", "Trung"),
    *("Việt", "Vinh"),
]
_CITIES: Final = [
    *("Hà Nội", "Hồ Chí Minh", "Đà Nẵng", "Cần Thơ", "Hải Phòng", "Huế", "Vinh", "Nha Trang"),
    *("Biên Hòa", "Buôn Ma Thuột", "Quy Nhơn", "Vũng Tàu", "Nam Định", "Thái Nguyên", "Việt Trì"),
    *("Đà Lạt", "Mỹ Tho", "Long Xuyên", "Rạch Giá", "Cà Mau", "Pleiku", "Thanh Hóa", "Hạ Long"),
    *("Bắc Ninh", "Hải Dương", "Lào Cai", "Tân An", "Bến Tre", "Sóc Trăng", "Phan Thiết"),
    *("Tuy Hòa", "Quảng Ngãi", "Đồng Hới", "Ninh Bình"),
]
_STREETS: Final = [
    *("Lê Lợi", "Trần Phú", "Hai Bà Trưng", "Nguyễn Huệ", "Lý Thường Kiệt", "Hùng Vương"),
    *("Quang Trung", "Lê Duẩn", "Nguyễn Trãi", "Trần Hưng Đạo", "Phan Chu Trinh", "Bà Triệu"),
    *("Phan Đình Phùng", "Điện Biên Phủ", "Cách Mạng Tháng Tám", "Nguyễn Du", "Ngô Quyền"),
    *("Lê Thánh Tôn", "Hoàng Diệu", "Võ Thị Sáu", "Đinh Tiên Hoàng", "Nguyễn Văn Cừ"),
    *("Trường Chinh", "Phạm Văn Đồng", "Võ Nguyên Giáp", "Nguyễn Thị Minh Khai", "Yersin"),
    *("Bạch Đằng", "Lê Hồng Phong", "Hàm Nghi", "Đống Đa", "Tôn Đức Thắng", "Âu Cơ"),
]
"""Streets that nearly every town has, as the towns differ in size and not in heroes."""


class Person(NamedTuple):
    """Somebody made up."""

    number: int
    name: str
    phone: str
    email: str
    born: str
    address: str
    city: str


def person(number: int) -> Person:
    """Return the person of a number, always the same one."""
    chance = random.Random(number)  # noqa: S311 - load, not secrets
    [family] = chance.choices(_FAMILY, _SHARE)
    name = f"{family} {chance.choice(_MIDDLE)} {chance.choice(_GIVEN)}"
    return Person(
        number,
        name,
        f"09{chance.randrange(10**8):08}",
        f"{fold(name).replace(' ', '.')}{chance.randrange(10**6)}@gmail.com",
        f"{chance.randrange(1945, 2008)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        f"{chance.randrange(1, 900)} {chance.choice(_STREETS)}",
        chance.choice(_CITIES),
    )


def stream(people: int, seed: int = 1) -> Iterator[Observation]:
    """Yield everybody once, in turn, and then contacts of anybody, without end."""
    chance = random.Random(seed)  # noqa: S311 - load, not secrets
    number = 0
    while True:
        who = person(number if number < people else chance.randrange(people))
        yield _seen(who, number, chance)
        number += 1


def _seen(who: Person, number: int, chance: random.Random) -> Observation:
    name, phone = who.name, who.phone
    if chance.random() < 0.3:
        name = fold(name).title()
    if chance.random() < 0.2:
        name = " ".join(reversed(name.split()))
    spelled = chance.random()
    if spelled < 0.4:
        phone = f"{phone[:4]}.{phone[4:7]}.{phone[7:]}"
    elif spelled < 0.6:
        phone = f"+84 {phone[1:]}"
    id, at, kind = f"o{number}", _START + number * _BETWEEN, chance.random()
    if kind < 0.3:
        return Observation(
            id, "crm", at, phone=phone, name=name, email=who.email, birth_date=who.born,
            address=who.address, city=who.city,
        )  # fmt: skip
    if kind < 0.6:
        return Observation(id, "phone", at, phone=phone)
    if kind < 0.8:
        return Observation(id, "web", at, email=who.email, name=name)
    claims = (Claim("zalo", f"z{who.number}", scope="oa", assurance="platform"),)
    return Observation(
        id, "zalo", at, name=name, phone=phone if chance.random() < 0.3 else "", claims=claims
    )


class Cost(NamedTuple):
    """What a run of observations cost, each: seconds of CPU, work; and the worst one."""

    seconds: float
    compared: float
    clustered: float
    worst: float
    most_compared: int


def cost(resolver: Resolver, observations: list[Observation]) -> Cost:
    """Ingest, and return what it cost."""
    compared = clustered = most = 0
    worst = 0.0
    ingest, clock = resolver.ingest, time.process_time
    begin = clock()
    for observation in observations:
        start = clock()
        ingest(observation)
        took = clock() - start
        if took > worst:
            worst = took
        work = resolver.work
        compared += work.compared
        clustered += work.clustered
        most = max(most, work.compared)
    count = len(observations)
    return Cost((clock() - begin) / count, compared / count, clustered / count, worst, most)


def grown(sizes: list[int], sample: int = 10_000) -> Iterator[tuple[int, Cost]]:
    """Yield what an observation costs when so many are known, of a third as many people.

    The load is of one kind at each size: people who are known contact the center again.
    """
    for size in sizes:
        resolver = Resolver()
        source = stream(size // 3)
        for observation in islice(source, size):
            resolver.ingest(observation)
        gc.collect()
        gc.freeze()
        gc.disable()
        yield size, cost(resolver, list(islice(source, sample)))
        gc.enable()
        gc.unfreeze()


def at_profiles(people: int, sample: int = 20_000) -> Cost:
    """Return what an observation costs when so many people are known, each by one observation."""
    resolver = Resolver()
    source = stream(people)
    for observation in islice(source, people):
        resolver.ingest(observation)
    later = list(islice(source, sample))
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        return cost(resolver, later)
    finally:
        gc.enable()


def office(people: int) -> tuple[Cost, int]:
    """Let so many people turn out to share one phone, and come a second time with a mail address.

    Returns:
        The cost, and how many profiles came out that people of different names are in.
    """
    resolver = Resolver()
    resolver.ingest(_at_office(person(people), people, people))  # libraries are loaded
    rows = [
        _at_office(person(number), number + place * (people + 1), place)
        for place in range(2)
        for number in range(people)
    ]
    gc.collect()
    gc.disable()
    try:
        found = cost(resolver, rows)
    finally:
        gc.enable()
    whose: dict[str, set[str]] = {}
    for row in rows:
        whose.setdefault(resolver.find(row.id), set()).add(row.name)
    return found, sum(len(several) > 1 for several in whose.values())


def _at_office(who: Person, number: int, mail: int) -> Observation:
    return Observation(
        f"o{number}", "crm", _START + number, phone="028 3822 1234", name=who.name,
        email=who.email if mail else "",
    )  # fmt: skip


def size(people: int = 5_000, each: int = 3) -> float:
    """Return the bytes that an observation takes, what the store keeps of it included."""
    source = stream(people)
    Resolver().ingest(next(source))
    gc.collect()
    tracemalloc.start()
    resolver = Resolver()
    for observation in islice(source, people * each):
        resolver.ingest(observation)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert resolver.work.compared >= 0  # it lives until here
    return taken / (people * each)


def _line(what: str, found: Cost) -> str:
    return (
        f"{what:34} {1 / found.seconds:8.0f}/s  compared {found.compared:5.2f}"
        f" (most {found.most_compared})  clustered {found.clustered:5.2f}"
        f"  worst {found.worst * 1e3:6.1f} ms"
    )


def main() -> int:
    """Print the table; returns 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profiles", description=__doc__)
    parser.add_argument("--large", action="store_true", help="up to a million observations")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--office", type=int, default=5_000)
    given = parser.parse_args()
    missed: list[str] = []

    def goal(what: str, *, good: bool) -> None:
        print(f"{'':34} {what}: {'reached' if good else 'NOT REACHED'}", flush=True)
        if not good:
            missed.append(what)

    for observation in islice(stream(10), 20):  # libraries are loaded
        Resolver().ingest(observation)
    shared, wrong = office(given.office)
    print(_line(f"one phone of {given.office:,} people", shared), flush=True)
    goal("worst at most 50 ms", good=shared.worst <= 0.05)
    goal(f"{wrong} profiles of several names, goal 0", good=wrong == 0)
    print(f"{'bytes for each observation':34} {size():8.0f}", flush=True)
    many = at_profiles(given.people)
    print(_line(f"{given.people:,} profiles", many), flush=True)
    goal("at least 5,000/s", good=many.seconds <= 1 / 5000)
    goal("worst at most 50 ms", good=many.worst <= 0.05)
    costs: dict[int, float] = {}
    for known, found in grown([10_000, 100_000, 1_000_000] if given.large else [10_000, 100_000]):
        print(_line(f"{known:,} observations", found), flush=True)
        costs[known] = found.seconds
    ratio = costs[max(costs)] / costs[min(costs)]
    goal(f"{max(costs):,} / {min(costs):,}: {ratio:.2f}, goal at most 2", good=ratio <= 2)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
