//! The task queue: the I/O thread, which fills it, and the executor.

use perilune_transport::Channel;
use perilune_wire::Parent;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::sync::{Arc, mpsc};
use shuttle::thread;

use super::explore;
use super::task_queue::{Task, TaskQueue, Work};
use crate::request::Request;
use crate::turn::Origin;

/// A request that is known by its number.
fn task(number: usize) -> Task {
    let origin = Origin {
        channel: Channel::Shell,
        identities: Vec::new(),
        parent: Parent::none(),
        msg_type: "kernel_info_request".to_owned(),
    };
    Task {
        origin,
        request: Request::KernelInfo,
        aborted: false,
        size: number,
        arrived: std::time::Instant::now(),
    }
}

/// An executor that notes each request's number and whether it was aborted.
fn executor(queue: &Arc<TaskQueue>) -> thread::JoinHandle<Vec<(usize, bool)>> {
    let queue = queue.clone();
    thread::spawn(move || {
        let mut done = Vec::new();
        while let Some(work) = queue.next() {
            if let Work::Task(task) = work {
                done.push((task.size, task.aborted));
            }
        }
        done
    })
}

#[test]
fn every_request_is_done_once_in_its_order_and_none_runs_after_the_end() {
    explore(500, || {
        let queue = Arc::new(TaskQueue::new());
        let executor = executor(&queue);
        for number in 0..3 {
            queue.push(task(number));
        }
        queue.end();
        // What clients sent before they could know of the end.
        for number in 3..5 {
            queue.push(task(number));
        }
        queue.close();
        let done = executor.join().unwrap();
        let numbers: Vec<_> = done.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        assert!(done[3..].iter().all(|(_, aborted)| *aborted));
        assert!(done.is_sorted_by_key(|(_, aborted)| *aborted));
    });
}

#[test]
fn a_failure_aborts_what_waits_and_nothing_that_comes_later() {
    explore(500, || {
        let queue = Arc::new(TaskQueue::new());
        let (failed, has_failed) = mpsc::channel();
        let executor = thread::spawn({
            let queue = queue.clone();
            move || {
                let mut done = Vec::new();
                while let Some(Work::Task(task)) = queue.next() {
                    done.push((task.size, task.aborted));
                    if task.size == 0 {
                        queue.abort();
                        failed.send(()).unwrap();
                    }
                }
                done
            }
        });
        queue.push(task(0));
        queue.push(task(1));
        has_failed.recv().unwrap();
        queue.push(task(2));
        while !queue.is_idle() {
            thread::yield_now();
        }
        queue.close();
        let done = executor.join().unwrap();
        let numbers: Vec<_> = done.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [0, 1, 2]);
        assert!(!done[0].1, "it runs");
        assert!(!done[2].1, "it was sent after the failure was known");
    });
}

#[test]
fn the_queue_is_idle_only_when_all_that_was_asked_is_done() {
    explore(500, || {
        let queue = Arc::new(TaskQueue::new());
        let done = Arc::new(AtomicUsize::new(0));
        let executor = thread::spawn({
            let (queue, done) = (queue.clone(), done.clone());
            move || {
                while let Some(Work::Task(task)) = queue.next() {
                    thread::yield_now();
                    done.fetch_add(task.size, Ordering::SeqCst);
                }
            }
        });
        for number in 1..4 {
            queue.push(task(1));
            if queue.is_idle() {
                assert_eq!(done.load(Ordering::SeqCst), number, "nothing is overtaken");
            }
        }
        queue.close();
        executor.join().unwrap();
        assert!(queue.is_idle());
    });
}

#[test]
fn whoever_asks_for_a_look_gets_one_that_begins_after_he_asked() {
    explore(500, || {
        let queue = Arc::new(TaskQueue::new());
        let (asked, looked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let executor = thread::spawn({
            let (queue, asked, looked) = (queue.clone(), asked.clone(), looked.clone());
            move || {
                let mut tasks = Vec::new();
                while let Some(work) = queue.next() {
                    match work {
                        Work::Task(task) => tasks.push(task.size),
                        Work::Look => looked.store(asked.load(Ordering::SeqCst), Ordering::SeqCst),
                    }
                }
                tasks
            }
        });
        for number in 1..4 {
            queue.push(task(number));
            asked.store(number, Ordering::SeqCst);
            queue.look();
        }
        while looked.load(Ordering::SeqCst) < 3 {
            thread::yield_now();
        }
        queue.close();
        assert_eq!(executor.join().unwrap(), [1, 2, 3]);
    });
}
