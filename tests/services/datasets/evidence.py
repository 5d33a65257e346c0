"""A catalogue that tells epochs, positions, uncertainties and names."""

from tests.api import catalogue


def with_evidence(rows: int) -> str:
    """A catalogue in exotrain format with evidence, and a row that is left out before the last."""
    header, *lines = catalogue(rows).rstrip("\n").split("\n")
    lines = [f"{line},name {i},{2455000.5 + i},290,-45,10,-12" for i, line in enumerate(lines)]
    lines.insert(-1, "0,2.5,500,0.2,30,5700,1.0,4.4,14.2,1,star-bad,bad,170,400,-100,x,")
    return "\n".join([f"{header},name,epoch,ra,dec,depth_err1,depth_err2", *lines]) + "\n"
