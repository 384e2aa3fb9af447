"""Steps -> groups: chains of large elementwise steps run together, everything else alone.

Each step has a stage: the latest at which its value is needed, where crossing from one elementwise
step to another of the same shape is free and every other edge costs one. A sum of all entries may
close such a chain. Connected steps of one stage and extent form a group. An edge that leaves a
group raises the stage, so groups cannot wait for each other in a circle, and "latest" keeps the
backward pass from being computed early and stored.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from gradcli.execute.plan import Step, leaf

LARGE = 2**15
"""Elements from which an elementwise step is worth running in blocks."""


def blockable(step: Step) -> bool:
    """Whether a step is elementwise and large."""
    return step.op.elementwise and step.size >= LARGE


def reducer(steps: list[Step], slot: int) -> bool:
    """Whether a step is the sum of all entries of a large elementwise step."""
    step = steps[slot]
    if step.op.name != "sum" or not blockable(steps[step.inputs[0]]):
        return False
    return len(step.params["axes"]) == len(steps[step.inputs[0]].shape)


def grouped(steps: list[Step]) -> list[list[int]]:
    """The slots of the steps to compute, group by group, in an order in which they can run."""
    large = [blockable(step) for step in steps]
    sums = [reducer(steps, slot) for slot in range(len(steps))]
    computed = [slot for slot, step in enumerate(steps) if not leaf(step)]
    if sum(large) + sum(sums) < 2:
        return [[slot] for slot in computed]

    def crossing(parent: int, slot: int) -> int:
        if leaf(steps[parent]):
            return 0
        joined = large[slot] and steps[parent].shape == steps[slot].shape
        return 0 if large[parent] and (joined or sums[slot]) else 1

    stages = _latest_stages(steps, crossing)
    head = list(range(len(steps)))

    def root(slot: int) -> int:
        while head[slot] != slot:
            head[slot] = head[head[slot]]
            slot = head[slot]
        return slot

    for slot in computed:
        for parent in steps[slot].inputs:
            if (
                not leaf(steps[parent])
                and not crossing(parent, slot)
                and stages[parent] == stages[slot]
            ):
                head[root(parent)] = root(slot)
    members: dict[int, list[int]] = {}
    for slot in computed:
        members.setdefault(root(slot), []).append(slot)
    return _ordered(steps, list(members.values()))


def _latest_stages(steps: list[Step], crossing: Callable[[int, int], int]) -> list[int]:
    earliest = [0] * len(steps)
    for slot, step in enumerate(steps):
        for parent in step.inputs:
            earliest[slot] = max(earliest[slot], earliest[parent] + crossing(parent, slot))
    latest: list[int | None] = [None] * len(steps)
    for slot in range(len(steps) - 1, -1, -1):
        stage = latest[slot]
        if stage is None:  # nobody uses it: an output
            stage = latest[slot] = earliest[slot]
        for parent in steps[slot].inputs:
            bound = stage - crossing(parent, slot)
            known = latest[parent]
            latest[parent] = bound if known is None else min(known, bound)
    return [stage or 0 for stage in latest]


def _ordered(steps: list[Step], groups: list[list[int]]) -> list[list[int]]:
    """Groups after what they need; of those that are ready, the first in the program's order.

    The place of a group is that of its last step, so that steps in between run before it where they
    can.
    """
    group_of = {slot: number for number, group in enumerate(groups) for slot in group}
    waiting = [0] * len(groups)
    users: list[list[int]] = [[] for _ in groups]
    for number, group in enumerate(groups):
        parents = {group_of[p] for slot in group for p in steps[slot].inputs if p in group_of}
        for parent in parents - {number}:
            waiting[number] += 1
            users[parent].append(number)
    ready = [(group[-1], number) for number, group in enumerate(groups) if not waiting[number]]
    heapify(ready)
    result = []
    while ready:
        _, number = heappop(ready)
        result.append(groups[number])
        for user in users[number]:
            waiting[user] -= 1
            if not waiting[user]:
                heappush(ready, (groups[user][-1], user))
    assert len(result) == len(groups), "groups wait for each other"
    return result
