// Draws the live monitor from the events of the service, with Chart.js.
"use strict";

const POINTS = 60;
const page = document.getElementById("monitor");
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const palette = [colour("--accent"), colour("--care"), colour("--fault"), colour("--edge")];

Chart.defaults.color = colour("--quiet");
Chart.defaults.borderColor = colour("--line");
Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.animation = false;

function draw(id, type, series, options = {}) {
  const datasets = series.map((label, index) => ({
    label,
    data: [],
    borderColor: palette[index],
    backgroundColor: palette[index],
    borderWidth: type === "line" ? 2 : 0,
    pointRadius: 0,
  }));
  const legend = { display: series.length > 1 };
  const scales = { y: { beginAtZero: true }, x: { beginAtZero: true } };
  return new Chart(document.getElementById(id), {
    type,
    data: { labels: [], datasets },
    options: { plugins: { legend }, scales, ...options },
  });
}

const charts = {
  rate: draw("rate", "line", ["Requests a second"]),
  latency: draw("latency", "line", ["Half are faster", "95 % are faster"]),
  outputs: draw("outputs", "bar", ["Predictions"]),
  score: draw("score", "line", ["Score"]),
  drift: draw("drift", "bar", ["Stability index"], { indexAxis: "y" }),
  faults: draw("faults", "bar", ["Faults"], { indexAxis: "y" }),
};

function append(chart, label, ...values) {
  chart.data.labels.push(label);
  values.forEach((value, index) => chart.data.datasets[index].data.push(value));
  if (chart.data.labels.length > POINTS) {
    chart.data.labels.shift();
    chart.data.datasets.forEach((dataset) => dataset.data.shift());
  }
  chart.update();
}

function replace(chart, labels, values) {
  chart.data.labels = labels;
  chart.data.datasets[0].data = values;
  chart.update();
}

function tell(id, text) {
  document.getElementById(id).textContent = text;
}

function percent(share) {
  return share === null ? "–" : `${(share * 100).toFixed(1)} %`;
}

function show(figures) {
  const now = new Date().toLocaleTimeString();
  const count = Object.values(figures.requests).reduce((sum, value) => sum + value, 0);
  tell("requests-now", count.toLocaleString());
  if (figures.per_second !== null) {
    append(charts.rate, now, figures.per_second);
    append(charts.latency, now, figures.latency_ms.p50, figures.latency_ms.p95);
  }
  replace(charts.faults, Object.keys(figures.faults), Object.values(figures.faults));
  tell("state", figures.unavailable ? "The database does not answer." : `Live, ${now}`);
  if (figures.unavailable) return;
  tell("predictions-now", figures.predictions.toLocaleString());
  tell("feedback-now", percent(figures.feedback_share));
  tell("outputs-name", figures.outputs_of);
  replace(charts.outputs, Object.keys(figures.outputs), Object.values(figures.outputs));
  const { name, points } = figures.score;
  charts.score.data.datasets[0].label = name;
  tell("score-name", name);
  tell("score-now", points.length ? points[points.length - 1].toPrecision(3) : "–");
  replace(charts.score, points.map((_, index) => index + 1), points);
  const drift = Object.entries(figures.drift).filter(([, value]) => value !== null);
  replace(charts.drift, drift.map(([feature]) => feature), drift.map(([, value]) => value));
  document.getElementById("no-drift").hidden = drift.length > 0;
  page.dataset.events = Number(page.dataset.events) + 1;
}

const source = new EventSource(page.dataset.source);
source.onmessage = (event) => show(JSON.parse(event.data));
source.onerror = () => {
  if (source.readyState === EventSource.CLOSED) tell("state", "Not connected; reload the page.");
};
