"""The training doctor: it watches fits, examines networks and data, names what is wrong and proves remedies."""

from fanin.diagnose.diagnosis import Diagnosis
from fanin.diagnose.examination import Examination
from fanin.diagnose.examine import examine
from fanin.diagnose.finding import Finding
from fanin.diagnose.kinds import KINDS
from fanin.diagnose.proof import Curve, Proof
from fanin.diagnose.proving import prove, prove_all
from fanin.diagnose.remedy import Remedy
from fanin.diagnose.rows import RowsBehind
from fanin.optim.redundancy import redundancy
from fanin.training.watched import Units, Watched

__all__ = [
    "KINDS",
    "Curve",
    "Diagnosis",
    "Examination",
    "Finding",
    "Proof",
    "Remedy",
    "RowsBehind",
    "Units",
    "Watched",
    "examine",
    "prove",
    "prove_all",
    "redundancy",
]


def __dir__() -> list[str]:
    return __all__
