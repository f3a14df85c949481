"""Runs three steps and shows what ran. Needs nothing but stepwell."""

import pipeline

from stepwell import Driver

NOTES = ["A tuple can not change", "A list can change", "A set has no order"]

driver = Driver({}, pipeline)
print(driver.explain(["prompt"]), end="\n\n")

results = driver.execute(
    ["best", "prompt"], inputs={"question": "Which of them can change, a list?", "notes": NOTES}
)
print(results["prompt"])
