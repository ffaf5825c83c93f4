// What is looked at stands in the address, so that it can be sent to somebody: #scenario&seed=1&t=5.012&job=503.

function readAddress() {
  // What is written here needs no escapes, and what somebody else wrote may be anything.
  const [scenario, ...pairs] = location.hash.slice(1).split("&");
  const values = new Map(pairs.map((pair) => pair.split("=", 2)));
  const number = (key) => (values.has(key) && Number.isFinite(Number(values.get(key))) ? Number(values.get(key)) : null);
  return { scenario, seed: number("seed"), second: number("t"), job: number("job") };
}

function addressOf({ scenario, seed, second, job }) {
  const end = job === null ? "" : `&job=${job}`;
  return `#${scenario}&seed=${seed}&t=${second.toFixed(4)}${end}`;
}

/** Replaces the address without adding to the history. */
function showAddress(state) {
  history.replaceState(null, "", addressOf(state));
}
