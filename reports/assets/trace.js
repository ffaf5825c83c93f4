// Reads a chapter's trace: the columns of numbers that reports/src/model/trace.rs writes, and what a lane was doing at
// any time. Times are ticks. It draws nothing.

const [ACCEPTED, DONE, REJECTED, FAILED, TIMED_OUT] = [1, 2, 3, 4, 5];
const [OPEN, COMPLETED, WORK_FAILED, CUT_OFF] = [0, 1, 2, 3];
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A column of numbers, read one after the other. */
class Column {
  constructor(text) {
    Object.assign(this, { text, place: 0 });
  }

  get ended() {
    return this.place >= this.text.length;
  }

  next() {
    let value = 0;
    for (let factor = 1; ; factor *= 32) {
      const digit = DIGITS.indexOf(this.text[this.place++]);
      value += (digit & 31) * factor;
      if (digit < 32) return value;
    }
  }
}

function readTrace({ trace, faults }) {
  const jobs = readJobs(trace.jobs);
  markBystanders(trace.bystanders, jobs);
  const perSecond = 1e6 / trace.tick_us;
  const ticks = (second) => Math.round(second * perSecond);
  const last = Math.max(...trace.lanes.map((lane) => lane.ended));
  const windows = faults
    .filter((fault) => fault.kind !== "poison")
    .map((fault) => ({ ...fault, from: ticks(fault.from_s), until: fault.until_s === undefined ? last : ticks(fault.until_s) }));
  const read = { ...trace, jobs, windows, last, perSecond };
  read.lanes = trace.lanes.map((lane) => readLane(lane, jobs, read));
  return read;
}

function readJobs(text) {
  const column = new Column(text);
  const jobs = [];
  for (let number = 0, arrived = 0; !column.ended; number++) {
    number += column.next();
    arrived += column.next();
    jobs.push({ number, arrived });
  }
  return jobs;
}

/** Jobs that the front end does by itself. */
function markBystanders(text, jobs) {
  const column = new Column(text);
  for (let place = 0; !column.ended; place++) {
    place += column.next();
    jobs[place].bystander = true;
  }
}

function readLane(lane, jobs, trace) {
  const column = new Column(lane.paths);
  const paths = jobs.map((job) => readPath(column, job));
  for (const path of paths) {
    path.copies = copiesOf(path, trace.subscribers);
    for (const copy of path.copies) copy.stages = stagesOf(copy, lane, trace.windows);
    path.stages = path.copies[0].stages;
  }
  return { ...lane, paths, counts: countsOf(paths, lane) };
}

/** What each of several readers gets: the same job, with the attempts of the workers that work for it. */
function copiesOf(path, subscribers) {
  if (subscribers === 1) return [path];
  const of = (subscriber) => path.attempts.filter(({ worker }) => (worker - 1) % subscribers === subscriber);
  return Array.from({ length: subscribers }, (_, subscriber) => ({ ...path, attempts: of(subscriber), subscriber }));
}

function readPath(column, { number, arrived, bystander = false }) {
  const next = () => column.next();
  const first = next();
  const [answer, plain] = [first % 6, first >= 6];
  const path = { number, arrived, bystander, answer, admitted: null, answered: null, released: null, attempts: [], dead: null };
  const moment = () => {
    const after = next();
    return after === 0 ? null : arrived + after - 1;
  };
  if (plain) {
    path.admitted = arrived + next();
    const answeredAfter = next();
    const started = path.admitted + next();
    const worker = next();
    const ended = started + next();
    path.attempts.push({ worker, started, ended, end: COMPLETED });
    path.answered = (answer === DONE ? ended : path.admitted) + answeredAfter;
    path.released = path.answered;
    return path;
  }
  path.admitted = moment();
  if (answer !== 0) path.answered = arrived + next();
  path.released = moment();
  for (let attempts = next(), from = arrived; attempts > 0; attempts--) {
    const started = from + next();
    const [worker, end] = [next(), next()];
    path.attempts.push({ worker, started, ended: end === OPEN ? null : started + next(), end });
    from = started;
  }
  path.dead = moment();
  return path;
}

/** Where a job is from when on: at the front end, between, with a worker, or in one of the places where it ends. */
function stagesOf(path, lane, windows) {
  const stages = [{ at: path.arrived, place: "accept" }];
  const add = (at, place, more) => stages.push({ at, place, ...more });
  if (path.bystander) {
    if (path.answered !== null) add(path.answered, path.answer === DONE ? "quick" : "unserved");
    return stages;
  }
  if (path.admitted !== null) add(path.admitted, "between");
  let done = 0;
  for (const { worker, started, ended, end } of path.attempts) {
    add(started, "worker", { worker });
    if (end === COMPLETED) add(ended, done++ > 0 ? "twice" : "done");
    // A worker that only fell silent still has it, as far as anybody knows; a log has it anyway.
    else if (end === CUT_OFF && lane.architecture !== "log" && fellSilent(worker, ended, windows)) {
      add(ended, "worker", { worker, returned: true });
    } else if (end !== OPEN) add(ended, "between", { returned: true });
  }
  const lastAttempt = path.attempts.at(-1);
  const isIdle = lastAttempt === undefined || lastAttempt.end !== OPEN;
  const endPlace = { [REJECTED]: "refused", [FAILED]: "failed", [TIMED_OUT]: "gone" }[path.answer];
  if (path.dead !== null) add(path.dead, "dead");
  else if (done === 0 && endPlace && isIdle) add(Math.max(path.answered, stages.at(-1).at), endPlace);
  else if (done === 0 && !endPlace && path.answer !== 0 && isIdle && !lane.holds_at_end) {
    add(lastAttempt ? lastAttempt.ended : lane.ended, "lost");
  }
  return stages.sort((left, right) => left.at - right.at);
}

function fellSilent(worker, at, windows) {
  return windows.some((fault) => fault.kind === "silence" && fault.target === `worker-${worker}` && Math.abs(fault.from - at) <= 1);
}

/** The times at which each count goes up (or, for the second of a pair, down), sorted. */
function countsOf(paths, lane) {
  const times = (of) => paths.flatMap((path) => of(path) ?? []).sort((left, right) => left - right);
  const answered = (answer) => times((path) => (path.answer === answer && !path.bystander ? path.answered : null));
  const first = (path, place) => path.copies.map((copy) => copy.stages.find((stage) => stage.place === place)?.at ?? Infinity);
  const finite = (at) => (Number.isFinite(at) ? at : null);
  const any = (place) => times((path) => finite(Math.min(...first(path, place))));
  return {
    arrived: times((path) => path.arrived),
    leftAccept: times((path) => path.admitted ?? path.answered),
    admitted: times((path) => path.admitted),
    released: times((path) => path.released ?? (path.admitted === null ? null : lane.ended)),
    started: times((path) => path.attempts.map((attempt) => attempt.started)),
    stopped: times((path) => path.attempts.map((attempt) => attempt.ended ?? lane.ended)),
    // Done is what is done for every reader.
    done: times((path) => finite(Math.max(...first(path, "done")))),
    twice: any("twice"),
    refused: answered(REJECTED),
    failed: answered(FAILED),
    gone: answered(TIMED_OUT),
    dead: any("dead"),
    lost: any("lost"),
    quick: any("quick"),
    unserved: any("unserved"),
  };
}

/** How many of the sorted `times` are at or before `at`. */
function until(times, at) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The figures of a lane at a time. */
function figuresAt(lane, at) {
  const count = (name) => until(lane.counts[name], at);
  return {
    accept: count("arrived") - count("leftAccept"),
    threads: count("admitted") - count("released"),
    working: count("started") - count("stopped"),
    done: count("done"),
    twice: count("twice"),
    refused: count("refused"),
    failed: count("failed"),
    gone: count("gone"),
    dead: count("dead"),
    lost: count("lost"),
    quick: count("quick"),
    unserved: count("unserved"),
  };
}

/** Every event of every lane in order of time, for stepping. */
function eventsOf(trace) {
  const events = [];
  trace.lanes.forEach((lane, index) => {
    const add = (at, path, what) => events.push({ at, lane: index, path, what });
    for (const path of lane.paths) {
      add(path.arrived, path, "arrives");
      if (path.admitted !== null) add(path.admitted, path, "gets a thread of the front end");
      if (path.answered !== null) add(path.answered, path, learned(path.answer));
      for (const attempt of path.attempts) {
        add(attempt.started, path, `worker ${attempt.worker} begins with it`);
        if (attempt.ended !== null) add(attempt.ended, path, endOf(attempt));
      }
      if (path.dead !== null) add(path.dead, path, "set aside as a dead letter");
    }
    for (const { at, worker, restarted } of lane.incidents) {
      add(at, null, `worker ${worker} ${restarted ? "is back" : "is gone"}`);
    }
  });
  return events.sort((left, right) => left.at - right.at);
}

function learned(answer) {
  return {
    [ACCEPTED]: "its caller is told: accepted",
    [DONE]: "its caller is told: done",
    [REJECTED]: "its caller is turned away",
    [FAILED]: "its caller is told: failed",
    [TIMED_OUT]: "its caller gives up",
  }[answer];
}

function endOf({ worker, end }) {
  if (end === COMPLETED) return `worker ${worker} has done it`;
  return end === WORK_FAILED ? `worker ${worker} fails` : `worker ${worker} is cut off from it`;
}
