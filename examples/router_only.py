"""The router alone, from synchronous code: who serves whom, and why somebody still waits."""

from tongdai import Agent, Contact, Router, seconds

router = Router(
    [
        Agent("an", {"vi": 5, "billing": 4}),
        Agent("binh", {"vi": 4, "en": 5, "billing": 2}),
    ]
)
router.wait(Contact("c1", "billing>=3 and vi"), seconds(0))
router.wait(Contact("c2", "billing>=3"), seconds(1))
print(*router.assign(seconds(2)))
print(router.explain("c2", seconds(10)))
router.release("c1", seconds(40))
print(*router.assign(seconds(40)))
