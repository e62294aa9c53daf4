"use strict";
(() => {
  let facts = JSON.parse(document.getElementById("facts").textContent);
  const byId = (id) => document.getElementById(id);
  const STATES = [
    ["F", "final"], ["P", "preliminary"], ["L", "live"], ["O", "odd number of rows"], ["S", "stale"],
    ["X", "failed"], ["M", "missing"], ["N", "not published yet"],
  ];
  const WORDS = Object.fromEntries(STATES);
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const chosen = { dataset: 0, stage: "clean", year: null, day: null, off: new Set(), flow: 0 };

  // What is put into the page is put there as text, never as HTML.
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === undefined) continue;
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  };
  const SVG = "http://www.w3.org/2000/svg";
  const draw = (tag, attributes = {}, ...children) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  const pad = (number) => String(number).padStart(2, "0");
  const isoDay = (year, month, day) => `${year}-${pad(month + 1)}-${pad(day)}`;
  // All times are market time, UTC+10 all year, whatever the reader's own zone.
  const marketText = (iso) => {
    if (!iso) return "";
    const moment = new Date(new Date(iso).getTime() + 10 * 3600e3);
    return moment.toISOString().slice(0, 19).replace("T", " ") + "+10:00";
  };
  const took = (seconds) => {
    if (seconds === null || seconds === undefined) return "";
    if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
    return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  };
  const colour = (state) => `var(--${["Success", "Cached", "Failed", "Running", "Skipped"].includes(state)
    ? state : /Failed|TimedOut|Lost/.test(state) ? "Failed" : "other"})`;

  const command = (text, run) => {
    const copy = make("button", { type: "button", "aria-label": `Copy: ${text}`, onclick: async () => {
      try { await navigator.clipboard.writeText(text); } catch {
        const area = make("textarea", {}); area.value = text; document.body.append(area); area.select();
        document.execCommand("copy"); area.remove();
      }
      copy.textContent = "copied"; setTimeout(() => { copy.textContent = "copy"; }, 1500);
    } }, "copy");
    const go = facts.live && run ? make("button", { type: "button", class: "go", onclick: () => startRun(run, go) }, "run now") : null;
    return make("span", { class: "command" }, make("code", {}, text), copy, go);
  };

  // Coverage

  const dataset = () => facts.datasets[chosen.dataset];
  const cells = () => dataset().stages[chosen.stage] || {};
  const fill = (select, values, current) => {
    select.replaceChildren(...values.map(([value, words]) =>
      make("option", { value, selected: String(value) === String(current) }, String(words))));
  };
  const dayOfYear = (year, month, day) => Math.round((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86400e3);
  const isThere = (letter) => "FPLOS".includes(letter);

  function showCoverage() {
    if (!facts.datasets.length) { byId("coverage").hidden = true; return; }
    fill(byId("dataset"), facts.datasets.map((each, index) => [index, each.name]), chosen.dataset);
    const stages = Object.keys(dataset().stages);
    if (!stages.includes(chosen.stage)) chosen.stage = stages[stages.length - 1];
    fill(byId("stage"), stages.map((stage) => [stage, stage]), chosen.stage);
    const years = Object.keys(cells()).map(Number).sort((a, b) => a - b);
    if (!years.includes(chosen.year)) {
      const withDays = years.filter((year) => [...cells()[year]].some(isThere));
      chosen.year = withDays.length ? withDays[withDays.length - 1] : years[years.length - 1];
      chosen.day = null;
    }
    fill(byId("year"), years.map((year) => [year, year]), chosen.year);
    byId("year-before").disabled = chosen.year === years[0];
    byId("year-after").disabled = chosen.year === years[years.length - 1];
    byId("years").replaceChildren(...years.map((year) => {
      const letters = [...cells()[year]].filter((letter) => letter !== ".");
      const share = letters.length ? letters.filter(isThere).length / letters.length : 0;
      const words = `${year}: ${(100 * share).toFixed(share > 0 && share < 1 ? 1 : 0)} % is there`;
      return make("button", { type: "button", title: words, "aria-label": words,
        "aria-pressed": String(year === chosen.year), onclick: () => setYear(year) },
        make("i", { style: `height:${100 * share}%` }));
    }));
    showCalendar();
    const present = new Set(Object.values(cells()).join(""));
    byId("legend").replaceChildren(...STATES.filter(([letter]) => present.has(letter)).map(([letter, words]) =>
      make("li", {}, make("i", { class: letter }), words)));
    showGaps();
  }

  function showCalendar() {
    const heads = [make("span", { role: "presentation" }), ...Array.from({ length: 31 }, (_, index) =>
      make("span", { class: (index + 1) % 5 === 0 ? "head fifth" : "head", role: "columnheader" }, String(index + 1)))];
    const rows = MONTHS.map((name, month) => {
      const length = new Date(Date.UTC(chosen.year, month + 1, 0)).getUTCDate();
      const buttons = Array.from({ length: 31 }, (_, index) => {
        const letter = index < length ? cells()[chosen.year][dayOfYear(chosen.year, month, index + 1)] : ".";
        if (!letter || letter === ".") return make("span", { role: "gridcell" });
        const iso = isoDay(chosen.year, month, index + 1);
        return make("button", { type: "button", role: "gridcell", class: letter, "data-day": iso, tabindex: "-1",
          title: `${iso}: ${WORDS[letter]}`, "aria-label": `${iso}: ${WORDS[letter]}`,
          "aria-selected": String(iso === chosen.day), onclick: () => setDay(iso, true) });
      });
      return make("div", { role: "row" }, make("span", { role: "rowheader" }, name), ...buttons);
    });
    byId("calendar").replaceChildren(make("div", { role: "row" }, ...heads), ...rows);
    const start = byId("calendar").querySelector(`[data-day="${chosen.day}"]`) || byId("calendar").querySelector("button");
    if (start) start.tabIndex = 0;
    showDay();
  }

  const letterOf = (iso) => {
    const [year, month, day] = iso.split("-").map(Number);
    return (cells()[year] || "")[dayOfYear(year, month - 1, day)];
  };

  function showDay() {
    if (!chosen.day || !letterOf(chosen.day)) {
      byId("day").replaceChildren(make("p", { class: "note" }, "Choose a day to see where it comes from, or what would fill it."));
      return;
    }
    const letter = letterOf(chosen.day), detail = (dataset().details || {})[chosen.day] || {};
    const lines = [make("p", {}, make("strong", {}, chosen.day), ` ${WORDS[letter]}`
      + (detail.source ? `, from ${detail.source}` : "")
      + (detail.rows ? `, ${detail.rows.toLocaleString("en")} rows` : "")
      + (detail.made_at ? `, made ${marketText(detail.made_at)}` : ""))];
    if (detail.error || detail.reason) lines.push(make("p", {}, detail.error || detail.reason));
    const text = isThere(letter) ? `nemflow why ${dataset().name}_${chosen.stage} ${chosen.day}`
      : `nemflow run ${dataset().name} --date ${chosen.day}`;
    lines.push(make("p", {}, command(text, { dataset: dataset().name, date: chosen.day })));
    byId("day").replaceChildren(...lines);
  }

  function showGaps() {
    const gaps = (facts.gaps || []).filter((gap) => gap.dataset === dataset().name && gap.stage === chosen.stage);
    byId("gaps-box").hidden = gaps.length === 0;
    const days = gaps.reduce((sum, gap) => sum + gap.days, 0);
    byId("gaps-title").textContent = `${count(gaps.length, "gap")}, ${count(days, "day")}`;
    byId("gaps").replaceChildren(...gaps.slice(0, 200).map((gap) => make("li", {},
      `${gap.start === gap.end ? gap.start : `${gap.start} to ${gap.end}`}, ${count(gap.days, "day")} `, command(gap.command))));
  }

  function setYear(year) { chosen.year = year; chosen.day = null; showCoverage(); }
  function setDay(iso, focus) {
    chosen.day = iso;
    for (const button of byId("calendar").querySelectorAll("button")) {
      const is = button.dataset.day === iso;
      button.setAttribute("aria-selected", String(is));
      button.tabIndex = is ? 0 : -1;
      if (is && focus) button.focus({ preventScroll: true });
    }
    showDay();
  }
  byId("calendar").addEventListener("keydown", (event) => {
    const days = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: "month-", ArrowDown: "month+", Home: "first", End: "last" }[event.key];
    const from = event.target.dataset && event.target.dataset.day;
    if (days === undefined || !from) return;
    event.preventDefault();
    const all = [...byId("calendar").querySelectorAll("button")], at = all.indexOf(event.target);
    let to = all[at + (typeof days === "number" ? days : 0)];
    if (days === "first") to = all[0];
    if (days === "last") to = all[all.length - 1];
    if (days === "month-" || days === "month+") {
      const [year, month, day] = from.split("-").map(Number), next = month - 1 + (days === "month+" ? 1 : -1);
      to = all.find((button) => button.dataset.day === isoDay(year, next, day))
        || all.filter((button) => button.dataset.day.startsWith(isoDay(year, next, 1).slice(0, 7))).pop();
    }
    if (to) setDay(to.dataset.day, true);
  });

  // Prices

  const regionNames = () => Object.keys((facts.prices && facts.prices.regions) || {});
  function showPrices() {
    const names = regionNames();
    byId("prices").hidden = names.length === 0;
    if (!names.length) return;
    byId("prices-title").textContent = `${facts.prices.column} of ${facts.prices.dataset}, ${facts.prices.unit}, the last days`;
    byId("regions").replaceChildren(...names.map((name, index) => make("label", { class: "region" },
      make("input", { type: "checkbox", checked: !chosen.off.has(name), onchange: (event) => {
        chosen.off[event.target.checked ? "delete" : "add"](name); drawChart();
      } }), make("i", { style: `background:var(--r${index % 5})` }), name)));
    const values = names.flatMap((name) => facts.prices.regions[name]).filter((value) => value !== null);
    byId("symlog").checked = Math.max(...values.map(Math.abs)) > 1500;
    drawChart();
  }

  const symlog = (value) => Math.sign(value) * Math.log10(1 + Math.abs(value) / 50);
  const niceTicks = (low, high) => {
    if (byId("symlog").checked) return [-1000, -300, -100, 0, 100, 300, 1000, 3000, 10000].filter((tick) => tick >= low && tick <= high);
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000].find((each) => (high - low) / each <= 7) || 10000;
    return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, index) => (Math.ceil(low / step) + index) * step);
  };

  let at = null;
  function drawChart() {
    const box = byId("chart"), width = Math.max(280, box.clientWidth), height = Math.max(160, box.clientHeight);
    const names = regionNames().filter((name) => !chosen.off.has(name));
    const left = 56, right = 10, top = 8, bottom = 26;
    const scale = byId("symlog").checked ? symlog : (value) => value;
    const all = names.flatMap((name) => facts.prices.regions[name]).filter((value) => value !== null);
    const low = Math.min(0, ...all), high = Math.max(10, ...all);
    const count = Math.max(2, ...regionNames().map((name) => facts.prices.regions[name].length));
    const x = (index) => left + (width - left - right) * index / (count - 1);
    const y = (value) => top + (height - top - bottom) * (scale(high) - scale(value)) / (scale(high) - scale(low));
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    for (const tick of niceTicks(low, high)) {
      svg.append(draw("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: tick === 0 ? "axis zero" : "axis" }));
      const label = draw("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }); label.textContent = tick.toLocaleString("en"); svg.append(label);
    }
    const start = new Date(facts.prices.start).getTime(), step = facts.prices.minutes * 60e3, perDay = 1440 / facts.prices.minutes;
    const every = Math.max(1, Math.ceil(count / perDay / (width / 90)));
    for (let index = 0, day = 0; index < count; index += perDay, day += 1) {
      if (day % every) continue;
      svg.append(draw("line", { x1: x(index), x2: x(index), y1: top, y2: height - bottom, class: "axis" }));
      const label = draw("text", { x: x(index) + 3, y: height - 8 }); label.textContent = marketText(start + index * step).slice(5, 10); svg.append(label);
    }
    regionNames().forEach((name, number) => {
      if (chosen.off.has(name)) return;
      let path = "", pen = false;
      facts.prices.regions[name].forEach((value, index) => {
        if (value === null) { pen = false; return; }
        path += `${pen ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`; pen = true;
      });
      svg.append(draw("path", { d: path, class: "line", style: `stroke:var(--r${number % 5})` }));
    });
    const hair = draw("line", { y1: top, y2: height - bottom, class: "axis zero", visibility: "hidden" });
    svg.append(hair); box.replaceChildren(svg);
    box.setAttribute("aria-label", `Prices of ${names.join(", ")} from ${marketText(start)}: lowest ${low.toFixed(2)}, highest ${high.toFixed(2)}. Arrow keys read them one by one.`);
    const read = (index) => {
      at = Math.min(count - 1, Math.max(0, index));
      hair.setAttribute("x1", x(at)); hair.setAttribute("x2", x(at)); hair.setAttribute("visibility", "visible");
      byId("reading").textContent = `interval from ${marketText(start + at * step).slice(0, 16)}: ` + names.map((name) => {
        const value = facts.prices.regions[name][at];
        return `${name} ${value === null || value === undefined ? "no price" : value.toFixed(2)}`;
      }).join("   ");
    };
    box.onpointermove = (event) => {
      const place = box.getBoundingClientRect();
      read(Math.round((event.clientX - place.left - left) / (place.width - left - right) * (count - 1)));
    };
    box.onkeydown = (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -perDay, PageDown: perDay }[event.key];
      if (!move) return;
      event.preventDefault(); read((at === null ? count - 1 : at) + move);
    };
  }

  // Runs

  const stateMark = (state) => make("span", { class: "state" }, make("i", { style: `background:${colour(state)}` }), state);
  function showRuns() {
    const runs = facts.runs || [];
    if (!runs.length) { byId("timeline").replaceChildren(make("p", { class: "note" }, "No runs are in the history.")); return; }
    const open = new Set([...byId("timeline").querySelectorAll("details[open]")].map((node) => node.dataset.run));
    const times = runs.flatMap((run) => [run.started, run.ended]).filter(Boolean).map((iso) => new Date(iso).getTime());
    const first = Math.min(...times), span = Math.max(1, Math.max(...times) - first);
    const bar = (started, ended, from, width, state) => {
      const start = new Date(started).getTime(), end = ended ? new Date(ended).getTime() : from + width;
      return make("span", { class: "bar" }, make("i", { style:
        `left:${(99 * (start - from) / width).toFixed(2)}%;width:${Math.max(0.3, 99 * (end - start) / width).toFixed(2)}%;background:${colour(state)}` }));
    };
    byId("timeline").replaceChildren(...runs.map((run) => {
      const start = run.started ? new Date(run.started).getTime() : first;
      const width = Math.max(1, (run.ended ? new Date(run.ended).getTime() : first + span) - start);
      const tasks = (run.tasks || []).map((task) => make("div", { class: "task" }, make("span", { class: "name" }, task.name), stateMark(task.state),
        task.started ? bar(task.started, task.ended, start, width, task.state) : make("span"), make("span", { class: "took" }, took(task.duration_s))));
      return make("details", { class: "run", "data-run": run.id, open: open.has(run.id) }, make("summary", {}, make("span", { class: "name" }, run.name), stateMark(run.state),
        run.started ? bar(run.started, run.ended, first, span, run.state) : make("span")),
        make("p", { class: "note" }, [`${marketText(run.started)}`, took(run.duration_s), run.source ? `from ${run.source}` : "", run.rows ? `${run.rows.toLocaleString("en")} rows` : "", run.error || ""].filter(Boolean).join(", ")),
        make("div", { class: "tasks" }, ...tasks));
    }));
  }

  function showFailures() {
    const failures = facts.failures || [];
    byId("failed").replaceChildren(...(failures.length ? failures.map((failure) => make("div", { class: "failure" },
      make("p", {}, make("strong", {}, failure.name), ` ${marketText(failure.at)}`), make("p", {}, failure.error), command(failure.command, failure.run)))
      : [make("p", { class: "note" }, "Nothing has failed that was not made good since.")]));
  }

  // Flows: columns by distance from the start, one box a task

  function showFlow() {
    const flows = facts.flows || [];
    byId("flows").hidden = flows.length === 0;
    if (!flows.length) return;
    fill(byId("flow"), flows.map((flow, index) => [index, flow.name]), chosen.flow);
    const flow = flows[chosen.flow], level = {};
    byId("flow-words").textContent = flow.description;
    for (const task of flow.tasks) level[task.name] = Math.max(-1, ...task.upstream.map((name) => level[name] ?? -1)) + 1;
    const columns = [];
    for (const task of flow.tasks) (columns[level[task.name]] = columns[level[task.name]] || []).push(task);
    const wide = 190, high = 64, boxWide = 150, boxHigh = 40, rows = Math.max(...columns.map((column) => column.length));
    const width = columns.length * wide, height = rows * high + 12, place = {};
    columns.forEach((column, number) => column.forEach((task, index) => {
      place[task.name] = [number * wide + 5, 6 + (index + (rows - column.length) / 2) * high + (high - boxHigh) / 2];
    }));
    const words = `${flow.name}: ` + flow.tasks.map((task) => task.upstream.length ? `${task.name} after ${task.upstream.join(" and ")}` : `${task.name} first`).join(", ");
    const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words });
    svg.append(draw("defs", {}, draw("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" }, draw("path", { d: "M0 0L8 4L0 8z" }))));
    for (const task of flow.tasks) for (const name of task.upstream) {
      if (!place[name]) continue;
      const [fromX, fromY] = place[name], [toX, toY] = place[task.name];
      const startX = fromX + boxWide, startY = fromY + boxHigh / 2, endX = toX, endY = toY + boxHigh / 2, bend = (endX - startX) / 2;
      svg.append(draw("path", { d: `M${startX} ${startY}C${startX + bend} ${startY} ${endX - bend} ${endY} ${endX - 1} ${endY}`, "marker-end": "url(#arrow)" }));
    }
    for (const task of flow.tasks) {
      const [left, top] = place[task.name];
      const box = draw("rect", { x: left, y: top, width: boxWide, height: boxHigh, rx: task.is_parameter ? 20 : 5 });
      if (task.state) box.setAttribute("style", `stroke:${colour(task.state)};stroke-width:3`);
      const label = draw("text", { x: left + boxWide / 2, y: top + boxHigh / 2 });
      label.textContent = task.name.length > 20 ? `${task.name.slice(0, 19)}…` : task.name;
      const title = draw("title"); title.textContent = [task.name, task.state, task.target].filter(Boolean).join(", ");
      svg.append(draw("g", {}, title, box, label));
    }
    byId("graph").replaceChildren(svg);
  }

  // Live

  async function startRun(run, button) {
    button.disabled = true; button.textContent = "asked";
    try {
      const answer = await fetch("run", { method: "POST", headers: { "Content-Type": "application/json", "X-Nemflow-Token": facts.token }, body: JSON.stringify(run) });
      button.textContent = answer.ok ? "started" : "refused";
      if (!answer.ok) button.title = await answer.text();
    } catch { button.textContent = "no answer"; }
    setTimeout(refresh, 1000);
  }
  async function refresh() {
    try {
      const answer = await fetch("facts.json", { headers: { "X-Nemflow-Token": facts.token } });
      if (!answer.ok) return;
      facts = { ...(await answer.json()), token: facts.token };
      showHeader(); showCoverage(); showRuns(); showFailures();
    } catch { byId("made").textContent = "nemflow ui has ended; this page shows what it said last"; }
  }

  function showHeader() {
    byId("made").textContent = `${facts.live ? "Live, as of" : "Made"} ${marketText(facts.made_at)} from ${facts.data_dir}; times are market time (UTC+10)`;
    byId("market").hidden = !facts.synthetic;
    byId("market").textContent = "SYNTHETIC market: made-up prices, nothing of AEMO's";
    byId("footer").textContent = `nemflow ${facts.version}. ${facts.attribution}`;
  }

  byId("dataset").addEventListener("change", (event) => { chosen.dataset = Number(event.target.value); chosen.year = null; showCoverage(); });
  byId("stage").addEventListener("change", (event) => { chosen.stage = event.target.value; chosen.day = null; showCoverage(); });
  byId("year").addEventListener("change", (event) => setYear(Number(event.target.value)));
  byId("year-before").addEventListener("click", () => setYear(chosen.year - 1));
  byId("year-after").addEventListener("click", () => setYear(chosen.year + 1));
  byId("symlog").addEventListener("change", drawChart);
  byId("flow").addEventListener("change", (event) => { chosen.flow = Number(event.target.value); showFlow(); });
  let resized;
  addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(() => { if (regionNames().length) drawChart(); }, 100); });
  showHeader(); showCoverage(); showPrices(); showRuns(); showFailures(); showFlow();
  if (facts.live) setInterval(refresh, 5000);
})();
