"""The tables of a sweep."""

import report


def peaks(results, threads):
    """(FLOP/s, bytes/s): the best that the processes of this sitting measured."""
    alike = [mine for mine in results if mine["threads"] == threads]
    return tuple(max(mine[f"peak_{what}_per_second"] for mine in alike) for what in ("flops", "bytes"))


def roofline_fraction(results, mine):
    flops, bandwidth = peaks(results, mine["threads"])
    return max(mine["flops"] / flops, mine["bytes"] / bandwidth) / mine["libraries"]["lanewise"]["min"]


def best_peer(results, mine, statistic):
    """(seconds, library) of the fastest peer on this workload with at most our threads."""
    return min(
        (of_library[statistic], library)
        for other in results if other["workload"] == mine["workload"] and other["threads"] <= mine["threads"]
        for library, of_library in other["libraries"].items() if library != "lanewise")


def rows(results):
    for mine in results:
        ours = mine["libraries"]["lanewise"]
        fastest, peer = best_peer(results, mine, "min")
        typical, _ = best_peer(results, mine, "median")
        flops = f"{mine['flops'] / ours['min'] / 1e9:.0f}" if mine["flops"] else ""
        yield [mine["workload"], mine["threads"], report.milliseconds(ours["min"]),
               report.milliseconds(ours["median"]), peer, report.milliseconds(fastest),
               report.milliseconds(typical), f"{fastest / ours['min']:.2f}", f"{typical / ours['median']:.2f}",
               flops, report.percent(roofline_fraction(results, mine)), report.megabytes(ours["added_memory"])]


def library_rows(results):
    for mine in results:
        for library, of_library in mine["libraries"].items():
            yield [mine["workload"], mine["threads"], library, report.milliseconds(of_library["min"]),
                   report.milliseconds(of_library["median"]), report.megabytes(of_library["added_memory"])]


def text(results, rounds):
    first = results[0]
    speeds = "; ".join("{}: {:.0f} GFLOP/s, {:.1f} GB/s".format(threads, flops / 1e9, bandwidth / 1e9)
                       for threads in sorted({mine["threads"] for mine in results})
                       for flops, bandwidth in [peaks(results, threads)])
    return "\n\n".join([
        f"{report.processor()}, {first['isa']}. Peak of multiply-adds and bandwidth by threads: {speeds}. Executor "
        f"{first['executor']}, revision {report.revision()}, {rounds} rounds. ms: least and median.",
        report.table(["workload", "threads", "ms", "median", "best peer", "its ms", "median", "ratio",
                      "of medians", "GFLOP/s", "roofline", "added MB"], list(rows(results))),
        report.table(["workload", "threads", "library", "ms", "median", "added MB"],
                     list(library_rows(results))),
    ])
