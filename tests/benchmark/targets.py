"""What is shown of a run, and where the kernel must stand."""

from dataclasses import dataclass

ECHO = "echo"
PLAIN = "lua5.4"


@dataclass(frozen=True)
class Unit:
    name: str
    scale: float = 1.0
    digits: int = 0

    def show(self, value: float) -> str:
        return f"{value * self.scale:,.{self.digits}f}"


MILLISECONDS = Unit("ms", 1e3, 2)
MICROSECONDS = Unit("µs", 1e6, 0)
COUNT = Unit("", 1, 0)
MEGABYTES = Unit("MB", 1, 2)
SECONDS = Unit("s", 1, 3)
FACTOR = Unit("×", 1, 2)


@dataclass(frozen=True)
class Target:
    """A bound: of the figure itself, or of its ratio to another subject's where one is named."""

    bound: float
    at_least: bool = False
    against: str | None = None

    def measured(self, value: float, reference: float | None) -> float | None:
        if self.against is None:
            return value
        return value / reference if reference else None

    def is_met(self, measured: float) -> bool:
        return measured >= self.bound if self.at_least else measured <= self.bound

    def show(self, unit: Unit) -> str:
        sign = "≥" if self.at_least else "≤"
        if self.against:
            return f"{sign} {self.bound:g} × {self.against}"
        return f"{sign} {unit.show(self.bound)} {unit.name}".strip()


@dataclass(frozen=True)
class Metric:
    name: str
    title: str
    unit: Unit
    target: Target | None = None


def times(bound: float, against: str = ECHO) -> Target:
    return Target(bound, against=against)


NONE = Target(0)

PROGRAMS = ("calls", "loop", "objects", "strings")
# What a debugger waits for, as a factor of the same program without a debugger.
DEBUGGED = (
    ("attached", "a debugger attached", Target(1.03)),
    ("source", "a breakpoint in another source", Target(1.1)),
    ("function", "a breakpoint in another function", Target(1.1)),
    ("hot", "a breakpoint that is not reached", Target(6)),
    ("sethook", "a breakpoint that is not reached, by debug.sethook", None),
    ("lldebugger", "a breakpoint that is not reached, by local-lua-debugger", None),
)

METRICS = (
    Metric("start", "start to first kernel_info_reply", MILLISECONDS, times(1.3)),
    Metric("start_execute", "start to first execute_reply", MILLISECONDS, times(1.3)),
    Metric("kernel_info_p50", "kernel_info, p50", MICROSECONDS, times(1.15)),
    Metric("kernel_info_p99", "kernel_info, p99", MICROSECONDS),
    Metric("execute_reply_p50", "execute to reply, p50", MICROSECONDS),
    Metric("execute_reply_p99", "execute to reply, p99", MICROSECONDS),
    Metric("execute_idle_p50", "execute to idle, p50", MICROSECONDS, times(1.2)),
    Metric("execute_idle_p99", "execute to idle, p99", MICROSECONDS),
    Metric("failure_idle_p50", "a failing cell to idle, p50", MICROSECONDS),
    Metric("failure_idle_p99", "a failing cell to idle, p99", MICROSECONDS),
    Metric("complete_p50", "completion, p50", MICROSECONDS),
    Metric("complete_p99", "completion, p99", MICROSECONDS),
    Metric("complete_many_p50", "completion with 10,000 globals, p50", MILLISECONDS),
    Metric("complete_many_p95", "completion with 10,000 globals, p95", MILLISECONDS, Target(0.050)),
    Metric("heartbeat_p50", "heartbeat, p50", MICROSECONDS, times(1.05)),
    Metric("heartbeat_p99", "heartbeat, p99", MICROSECONDS),
    Metric("cpu_per_execute", "CPU per execute", MICROSECONDS, times(1.5)),
    Metric("pipelined_per_second", "pipelined executes per second", COUNT, Target(15_000, at_least=True)),
    Metric("pipelined_idles_lost", "idles lost of these", COUNT, NONE),
    Metric("pipelined_replies_lost", "replies lost of these", COUNT, NONE),
    Metric("pipelined_foreign", "messages with a foreign parent", COUNT, NONE),
    Metric("lines_per_second", "printed lines per second", COUNT, Target(2_000_000, at_least=True)),
    Metric("lines_lost", "lines lost of 100,000", COUNT, NONE),
    Metric("lines_messages", "messages that carried them", COUNT),
    Metric("stalled_lines_lost", "lines lost when the client stalls 2 s", COUNT, NONE),
    Metric("stalled_idles_lost", "idles lost when the client stalls", COUNT, NONE),
    Metric("mebibyte_in", "1 MiB of code in", MILLISECONDS, times(1.5)),
    Metric("mebibyte_out", "1 MiB of output", MILLISECONDS, times(1.5)),
    Metric("interrupt_p50", "interrupt_request to reply, p50", MILLISECONDS, Target(0.010)),
    Metric("interrupt_p99", "interrupt_request to reply, p99", MILLISECONDS, Target(0.010)),
    Metric("sigint_p50", "SIGINT to reply, p50", MILLISECONDS, Target(0.010)),
    Metric("sigint_p99", "SIGINT to reply, p99", MILLISECONDS, Target(0.010)),
    Metric("control_while_busy_p50", "kernel_info on control while code spins, p50", MILLISECONDS, Target(0.002)),
    Metric("control_while_busy_p99", "kernel_info on control while code spins, p99", MILLISECONDS, Target(0.002)),
    Metric("heartbeat_while_busy_p50", "heartbeat while code spins, p50", MILLISECONDS, Target(0.002)),
    Metric("heartbeat_while_busy_p99", "heartbeat while code spins, p99", MILLISECONDS, Target(0.002)),
    Metric("complete_while_busy", "completion while code spins", MILLISECONDS),
    Metric("shutdown", "shutdown_request to the process's end", MILLISECONDS, Target(0.010)),
    Metric("prompt_start", "`perilune repl` to its first prompt", MILLISECONDS),
    Metric("prompt_p50", "Enter to the next prompt, p50", MILLISECONDS, Target(0.010)),
    Metric("prompt_p99", "Enter to the next prompt, p99", MILLISECONDS, Target(0.010)),
    Metric("pss_at_rest", "memory at rest, proportional", MEGABYTES, Target(4)),
    Metric("rss_at_rest", "memory at rest, resident", MEGABYTES),
    Metric("pss_after_cells", "memory after 10,000 cells", MEGABYTES),
    Metric("pss_growth_cells", "growth over 10,000 cells", MEGABYTES, Target(0.25)),
    Metric("pss_after_reconnects", "memory after 1,000 reconnects", MEGABYTES),
    Metric("pss_growth_reconnects", "growth over 1,000 reconnects", MEGABYTES, Target(0.25)),
    # A tenth of what the reference system takes, and half of its memory.
    Metric("daemon_start", "kernel start --daemon, until it returns", MILLISECONDS, Target(0.180)),
    Metric("daemon_stop", "SIGTERM to a daemon's end, its session saved", MILLISECONDS, Target(0.180)),
    Metric("daemon_signal_p50", "SIGUSR2 at rest to the dump in its place, p50", MILLISECONDS, Target(0.0085)),
    Metric("daemon_signal_p99", "SIGUSR2 at rest to the dump in its place, p99", MILLISECONDS, Target(0.0085)),
    Metric("log_rotation_p50", "a line of the log that rotates it, p50", MILLISECONDS, Target(0.0078)),
    Metric("log_rotation_p99", "a line of the log that rotates it, p99", MILLISECONDS, Target(0.0078)),
    Metric("log_line_p50", "a line of the log that does not, p50", MILLISECONDS),
    Metric("daemon_pss", "a daemon's memory at rest, proportional", MEGABYTES, Target(21)),
    Metric("daemon_rss", "a daemon's memory at rest, resident", MEGABYTES, Target(21)),
    Metric("lua_fib", "CPU of fib.lua", SECONDS, times(1.03, PLAIN)),
    Metric("lua_collections", "CPU of collections.lua", SECONDS, times(1.03, PLAIN)),
    Metric("lua_floats", "CPU of floats.lua", SECONDS, times(1.03, PLAIN)),
    *(
        Metric(f"debug_{way}_{program}", f"{program}.lua with {title}", FACTOR, target)
        for way, title, target in DEBUGGED
        for program in PROGRAMS
    ),
    Metric("debug_variables_p50", "a stop to its variables, p50", MILLISECONDS, Target(0.005)),
    Metric("debug_variables_p95", "a stop to its variables, p95", MILLISECONDS, Target(0.005)),
)
