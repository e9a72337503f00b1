//! The kernel's figures, as Prometheus reads them.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use perilune_engine::Vitals;
use perilune_engine::vitals::{Distribution, Flow, Reading, State};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::{Surroundings, process};

/// All figures, read each time they are asked for.
pub(crate) struct Metrics(Registry);

impl Metrics {
    /// The format, which Prometheus asks for first.
    pub const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    pub fn new(
        vitals: Arc<Vitals>,
        surroundings: Arc<dyn Fn() -> Surroundings + Send + Sync>,
    ) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Source {
            vitals,
            surroundings,
        }));
        Self(registry)
    }

    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.0)?;
        Ok(text)
    }
}

struct Source {
    vitals: Arc<Vitals>,
    surroundings: Arc<dyn Fn() -> Surroundings + Send + Sync>,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Source")
    }
}

impl Collector for Source {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let reading = self.vitals.read();
        let mut figures = Figures(encoder);
        figures.of_kernel(&reading)?;
        figures.of_messages(&reading)?;
        figures.of_executions(&reading)?;
        figures.of_queues(&reading)?;
        figures.of_surroundings((self.surroundings)(), &reading)
    }
}

/// Labels and what is counted under them.
type Labelled<'a> = (Vec<(&'a str, &'a str)>, u64);

struct Figures<'a>(DescriptorEncoder<'a>);

impl Figures<'_> {
    fn of_kernel(&mut self, reading: &Reading) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        self.begin(
            "perilune_build",
            "Which version this is",
            None,
            MetricType::Info,
        )?
        .encode_info(&version)?;
        let seconds = Some(&Unit::Seconds);
        self.gauge(
            "perilune_uptime",
            "For how long the kernel has lived",
            seconds,
            reading.uptime.as_secs_f64(),
        )?;
        if let Some(time) = reading.ready_after {
            let help = "How long it took from the start until cells could run";
            self.gauge("perilune_start", help, seconds, time.as_secs_f64())?;
        }
        let states = [
            ("starting", State::Starting),
            ("idle", State::Idle),
            ("busy", State::Busy),
            ("stopping", State::Stopping),
        ];
        let mut all = self.begin(
            "perilune_state",
            "What the kernel is at: 1 for what it is",
            None,
            MetricType::Gauge,
        )?;
        for (name, state) in states {
            let is_it = i64::from(reading.state == state);
            all.encode_family(&[("state", name)])?
                .encode_gauge(&is_it)?;
        }
        Ok(())
    }

    fn of_messages(&mut self, reading: &Reading) -> fmt::Result {
        let flows = [("received", &reading.received), ("sent", &reading.sent)];
        let messages = flows.iter().flat_map(|(direction, flows)| {
            flows.iter().flat_map(move |flow| {
                flow.messages.iter().map(move |(class, count)| {
                    let class = ("class", class.name());
                    (labels(direction, flow, Some(class)), *count)
                })
            })
        });
        self.counters("perilune_messages", "Messages", None, messages.collect())?;
        let bytes = flows.iter().flat_map(|(direction, flows)| {
            let of = move |flow| (labels(direction, flow, None), flow.bytes);
            flows.iter().map(of)
        });
        let unit = Some(&Unit::Bytes);
        let help = "Their bytes, without what the transport adds";
        self.counters("perilune_messages", help, unit, bytes.collect())?;
        self.counter(
            "perilune_messages_refused",
            "Messages that were refused: not signed with the key, seen before, or none",
            reading.refused,
        )?;
        let peers = reading.gauges.as_ref().map(|gauges| &gauges.peers);
        let dropped = |reason, count| (vec![("reason", reason)], count);
        self.counters(
            "perilune_messages_dropped",
            "Messages that a peer went without which let its queue run full; never another's",
            None,
            vec![
                dropped("subscriber", peers.map_or(0, |peers| peers.left_out)),
                dropped("requester", peers.map_or(0, |peers| peers.replies_dropped)),
            ],
        )?;
        self.histogram(
            "perilune_control_answer",
            "From the arrival of a request on control to its answer",
            &reading.control_answer,
        )
    }

    fn of_executions(&mut self, reading: &Reading) -> fmt::Result {
        let executions = &reading.executions;
        let outcome = |outcome, count| (vec![("outcome", outcome)], count);
        self.counters(
            "perilune_executions",
            "Cells, by how they ended",
            None,
            vec![
                outcome("ok", executions.ok),
                outcome("error", executions.error),
                outcome("interrupted", executions.interrupted),
                outcome("aborted", executions.aborted),
            ],
        )?;
        let help = "Interrupts that met something";
        self.counter("perilune_interrupts", help, reading.interrupts)?;
        self.histogram(
            "perilune_execution_duration",
            "How long cells ran",
            &reading.execute_duration,
        )?;
        self.histogram(
            "perilune_queue_wait",
            "How long requests waited for Lua",
            &reading.queue_wait,
        )
    }

    fn of_queues(&mut self, reading: &Reading) -> fmt::Result {
        let Some(gauges) = &reading.gauges else {
            return Ok(());
        };
        let bytes = Some(&Unit::Bytes);
        // No machine has so much that a float does not tell it to the byte.
        let number = |number: usize| number as f64;
        let help = "Requests that wait for Lua";
        self.gauge("perilune_queue_requests", help, None, number(gauges.queued))?;
        let help = "Bytes of the requests that wait for Lua";
        self.gauge("perilune_queue", help, bytes, number(gauges.queued_bytes))?;
        let help = "Bytes that wait for the I/O thread to send them";
        self.gauge("perilune_outbox", help, bytes, number(gauges.outbox_bytes))?;
        let waiting = gauges.peers.subscribers.iter().map(|it| it.queued).sum();
        let help = "Bytes that wait for subscribers to take them";
        self.gauge("perilune_subscriber_queues", help, bytes, number(waiting))?;
        let help = "Comms that are open";
        self.gauge("perilune_comms", help, None, number(gauges.comms))?;
        let peers = [
            ("iopub", gauges.peers.subscribers.len()),
            ("shell", gauges.peers.shell),
            ("control", gauges.peers.control),
            ("stdin", gauges.peers.stdin),
        ];
        let mut all = self.begin(
            "perilune_clients",
            "Who is connected, by channel",
            None,
            MetricType::Gauge,
        )?;
        for (channel, count) in peers {
            all.encode_family(&[("channel", channel)])?
                .encode_gauge(&number(count))?;
        }
        Ok(())
    }

    fn of_surroundings(&mut self, around: Surroundings, reading: &Reading) -> fmt::Result {
        let bytes = Some(&Unit::Bytes);
        if reading.language_memory > 0 {
            let help = "What Lua held when it last came to rest";
            self.gauge(
                "perilune_lua_memory",
                help,
                bytes,
                reading.language_memory as f64,
            )?;
        }
        let help = "Lines that the log could not take, as when the disk was full";
        self.counter("perilune_log_lines_lost", help, around.log_lines_lost)?;
        if let Some(size) = around.journal_bytes {
            let help = "What the journal has on disk";
            self.gauge("perilune_journal", help, bytes, size as f64)?;
        }
        // By the names that Prometheus's own libraries use.
        let begun = reading.started.duration_since(UNIX_EPOCH).ok();
        if let Some(begun) = begun {
            let help = "When the process began, since 1970";
            let seconds = Some(&Unit::Seconds);
            self.gauge("process_start_time", help, seconds, begun.as_secs_f64())?;
        }
        if let Some(size) = process::resident_bytes() {
            let help = "Memory that is not swapped out";
            self.gauge("process_resident_memory", help, bytes, size as f64)?;
        }
        if let Some(open) = process::open_descriptors() {
            self.gauge(
                "process_open_fds",
                "Descriptors that are open",
                None,
                open as f64,
            )?;
        }
        if let Some(threads) = process::threads() {
            self.gauge(
                "process_threads",
                "Threads that there are",
                None,
                threads as f64,
            )?;
        }
        if let Some(time) = process::processor_time() {
            let help = "Time on processors";
            self.begin(
                "process_cpu",
                help,
                Some(&Unit::Seconds),
                MetricType::Counter,
            )?
            .encode_counter::<NoLabelSet, _, f64>(&time.as_secs_f64(), None)?;
        }
        Ok(())
    }

    fn begin<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        unit: Option<&'s Unit>,
        metric: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, unit, metric)
    }

    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: f64) -> fmt::Result {
        self.begin(name, help, unit, MetricType::Gauge)?
            .encode_gauge(&value)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.begin(name, help, None, MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: Vec<Labelled<'_>>,
    ) -> fmt::Result {
        let mut all = self.begin(name, help, unit, MetricType::Counter)?;
        for (labels, value) in values {
            all.encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }

    fn histogram(&mut self, name: &str, help: &str, of: &Distribution) -> fmt::Result {
        // The library adds them up itself.
        let mut before = 0;
        let buckets: Vec<_> = of
            .buckets
            .iter()
            .map(|(bound, count)| {
                let own = count - before;
                before = *count;
                (*bound, own)
            })
            .collect();
        self.begin(name, help, Some(&Unit::Seconds), MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(of.sum, of.count, &buckets, None)
    }
}

fn labels<'a>(
    direction: &'a str,
    flow: &'a Flow,
    class: Option<(&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    let mut labels = vec![("direction", direction), ("channel", flow.way.name())];
    labels.extend(class);
    labels
}
