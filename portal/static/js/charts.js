// Draws what templates/macros/charts.html wrote. Without this file the tables stand open; words and figures come from the server as they are.
"use strict";

(() => {
  if (typeof echarts === "undefined") return;

  const DENSE = 60; // points
  const TALLEST = 12000; // px; a canvas twice as fine ends at 32,767
  const NARROW = 560; // px; below it the week stands upright
  const [LEGEND_ROW, LEGEND_GAP, MOST_ROWS] = [29, 16, 4]; // px, px; more than that are leafed through
  const PAPER = 660; // px; what fits between the margins of A4
  const DASHES = ["solid", [7, 4], [2, 3], [10, 4, 2, 4], [14, 5], [4, 2]];
  const CROSS = "path://M0,2L2,0L5,3L8,0L10,2L7,5L10,8L8,10L5,7L2,10L0,8L3,5Z";
  const PLUS = "path://M3.5,0H6.5V3.5H10V6.5H6.5V10H3.5V6.5H0V3.5H3.5Z";
  const DOWN = "path://M0,0H10L5,9Z";
  const SYMBOLS = ["circle", "rect", "triangle", "diamond", CROSS, PLUS, DOWN]; // seven, so that the seventh series is not the first again
  const STRIPES = [null, [1, 6, -45], [1, 4, 0], [1, 6, 45], [1, 4, 90], [2, 3, -45], [3, 6, 0]]; // how thick, how far apart, which way
  const night = matchMedia("(prefers-color-scheme: dark)");
  const print = matchMedia("print");
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const cut = (values, at) => values[at % values.length];
  const readLook = (figure) => {
    const style = getComputedStyle(figure);
    const token = (name) => style.getPropertyValue(`--${name}`).trim();
    const look = { face: style.fontFamily, series: [1, 2, 3, 4, 5, 6].map((at) => token(`chart-${at}`)) };
    for (const name of ["ink", "paper", "quiet", "line", "edge", "accent-soft", "heat-low", "heat-high"]) look[name] = token(name);
    return look;
  };

  // Rich text would take "{name|words}" for a style.
  const plain = (text) => text.replaceAll("{", "{\u200b");
  const withUnit = (data, series, at) => plain(series.values[at] === null || !data.unit ? series.texts[at] : `${series.texts[at]} ${data.unit}`);
  const measure = (look, text) => echarts.format.getTextRect(text, `13px ${look.face}`).width;

  const categoryAxis = (data, look, more) => ({
    type: "category", data: data.categories, axisTick: { show: false }, axisLine: { lineStyle: { color: look.edge } },
    ...more, axisLabel: { color: look.quiet, fontSize: 13, hideOverlap: true, formatter: (text) => text, ...more.axisLabel },
  });
  const valueAxis = (data, look, name, room) => ({
    type: "value", name, minInterval: data.decimals ? 0 : 1, axisLine: { show: false }, axisTick: { show: false },
    nameLocation: "middle", nameGap: 28, nameTruncate: { maxWidth: room }, nameTextStyle: { color: look.quiet, fontSize: 13 }, splitLine: { lineStyle: { color: look.line } }, splitNumber: 4,
    axisLabel: { color: look.quiet, fontSize: 13, hideOverlap: true, formatter: (value) => value.toLocaleString(data.language) },
  });

  const stripes = (look, at) => {
    const [thick, apart, degrees] = cut(STRIPES, at) || [];
    return thick ? { symbol: "rect", color: `${look.paper}b0`, dashArrayX: [1, 0], dashArrayY: [thick, apart], rotation: (degrees * Math.PI) / 180 } : null;
  };
  const cursor = (series) => (series.links.some(Boolean) ? "pointer" : "default");

  // In a dense line only a point between two gaps has a mark: without one it would not be seen.
  const alone = (values, at) => values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;
  const markSize = (values) => (values.length <= DENSE ? 8 : (_, { dataIndex }) => (alone(values, dataIndex) ? 8 : 0));
  const drawLine = (data, look) => data.series.map((one, at) => ({
    type: "line", name: String(at), data: one.values, cursor: cursor(one), symbol: cut(SYMBOLS, at), symbolSize: markSize(one.values),
    showAllSymbol: true, lineStyle: { width: 2, type: cut(DASHES, at), color: cut(look.series, at) },
    itemStyle: { color: cut(look.series, at) }, emphasis: { disabled: true },
  }));
  const drawBars = (data, look) => data.series.map((one, at) => ({
    type: "bar", name: String(at), data: one.values, cursor: cursor(one), stack: data.kind === "stacked" ? "all" : undefined,
    barMaxWidth: 36, barGap: "8%", barCategoryGap: "32%", emphasis: { disabled: true },
    itemStyle: { color: cut(look.series, at), decal: stripes(look, at), borderColor: look.paper, borderWidth: data.kind === "stacked" ? 1 : 0 },
  }));
  const drawBoxes = (data, look) => [{
    type: "boxplot", name: "0", cursor: cursor(data.series[2]), boxWidth: [8, 32], emphasis: { disabled: true },
    itemStyle: { color: look["accent-soft"], borderColor: look.series[0], borderWidth: 1.5 },
    data: data.categories.map((_, at) => data.series.map((one) => (one.values[at] === null ? NaN : one.values[at]))),
  }];
  const drawBins = (data, look) => [{
    type: "custom", name: "0", encode: { x: [0, 1], y: 2 }, cursor: cursor(data.series[0]), emphasis: { disabled: true },
    data: data.series[0].values.map((count, at) => [data.edges[at], data.edges[at + 1], count]),
    renderItem: (_, api) => {
      if (Number.isNaN(api.value(2))) return null;
      const [left, top] = api.coord([api.value(0), api.value(2)]);
      const [right, bottom] = api.coord([api.value(1), 0]);
      return { type: "rect", shape: { x: left + 1, y: top, width: Math.max(1, right - left - 2), height: bottom - top }, style: { fill: look.series[0] } };
    },
  }];
  const drawWeek = (data, look, upright) => {
    const cells = data.series.flatMap((one, day) => one.values.map((value, hour) => ({ value: upright ? [day, hour, value] : [hour, day, value], day, hour })));
    const renderItem = (_, api) => {
      const [x, y] = api.coord([api.value(0), api.value(1)]);
      const [width, height] = api.size([1, 1]);
      return { type: "rect", shape: { x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2 }, style: { fill: api.visual("color") } };
    };
    return [ // The library's own heat map is put on paper too late (6.1 treats it as if it were endless).
      { type: "custom", name: "0", renderItem, encode: { x: 0, y: 1 }, data: cells.filter((cell) => cell.value[2] !== null), emphasis: { disabled: true },
        cursor: data.series.some((one) => cursor(one) === "pointer") ? "pointer" : "default" },
      { type: "scatter", name: "1", data: cells.filter((cell) => cell.value[2] === null), symbol: "rect", symbolSize: [7, 1.5], itemStyle: { color: look.quiet } },
    ];
  };

  // A line across, and an unseen point that makes the axis reach it.
  const drawBenchmarks = (data, look, across, direct) => data.benchmarks.map((one, at) => ({
    type: "line", name: `b${at}`, data: [across ? [one.value, data.kind === "histogram" ? 0 : data.categories[0]] : [data.categories[0], one.value]],
    silent: true, symbol: "none", lineStyle: { opacity: 0 }, tooltip: { show: false },
    markLine: {
      silent: true, animation: false, symbol: "none", data: [across ? { xAxis: one.value } : { yAxis: one.value }],
      lineStyle: { color: look.ink, width: 1.5, type: cut(DASHES, at + 1), shadowColor: look.paper, shadowBlur: 3 },
      label: { show: direct, formatter: () => plain(one.label), position: "insideEndTop", color: look.ink, fontSize: 13, backgroundColor: look.paper, padding: [1, 3] },
    },
  }));

  const countRows = (widths, width) => {
    let [rows, left] = [0, 0];
    for (const one of widths) {
      if (one > left) [rows, left] = [rows + 1, width];
      left -= one + LEGEND_GAP;
    }
    return rows;
  };
  const drawLegend = (data, look, width, direct) => {
    const isMany = data.series.length > 1 && ["line", "bar", "stacked"].includes(data.kind);
    // Names may be the same: the series are told apart by their places.
    const names = isMany ? data.series.map((one) => one.name) : [];
    const marks = names.map((_, at) => ({ name: String(at) }));
    const lines = direct ? [] : data.benchmarks.map((_, at) => ({ name: `b${at}`, itemStyle: { opacity: 0 }, lineStyle: { opacity: 1, color: look.ink, width: 1.5, type: cut(DASHES, at + 1) } }));
    const shorten = (room) => {
      const short = (text) => echarts.format.truncateText(plain(text), Math.max(80, Math.min(320, room)), `13px ${look.face}`, "…");
      return Object.fromEntries([...names.map((name, at) => [String(at), short(name)]), ...lines.map(({ name }, at) => [name, short(data.benchmarks[at].label)])]);
    };
    const whole = shorten(width - 100);
    const rows = countRows(Object.values(whole).map((text) => measure(look, text) + 38), width - 12);
    const texts = rows > MOST_ROWS ? shorten(width - 170) : whole;
    return {
      show: rows > 0, type: rows > MOST_ROWS ? "scroll" : "plain", rows: rows > MOST_ROWS ? 1 : rows, data: [...marks, ...lines],
      top: 0, left: 0, right: 0, itemGap: LEGEND_GAP, itemWidth: 30, itemHeight: 12, formatter: (name) => texts[name], textStyle: { color: look.ink, fontSize: 13 },
      pageIconColor: look.ink, pageIconInactiveColor: look.line, pageTextStyle: { color: look.quiet }, inactiveColor: look.line,
    };
  };

  const says = {
    week: (data, { data: cell }) => `${plain(data.series[cell.day].name)} ${data.categories[cell.hour]}\n${withUnit(data, data.series[cell.day], cell.hour)}`,
    histogram: (data, { dataIndex }) => `${plain(data.categories[dataIndex])}\n${withUnit(data, data.series[0], dataIndex)}`,
    box: (data, { dataIndex }) => [plain(data.categories[dataIndex]), ...data.series.map((one) => `${plain(one.name)}: ${withUnit(data, one, dataIndex)}`).reverse()].join("\n"),
  };
  const overCategory = (data, shown) => {
    const at = [shown].flat()[0].dataIndex;
    const lines = data.series.map((one) => (data.series.length > 1 ? `${plain(one.name)}: ${withUnit(data, one, at)}` : withUnit(data, one, at)));
    return [plain(data.categories[at]), ...lines.slice(0, 12)].join("\n");
  };

  const linkOf = (data, event) => {
    if (data.kind === "week") return data.series[event.data.day].links[event.data.hour];
    return data.series[data.kind === "box" ? 2 : event.seriesIndex]?.links[event.dataIndex];
  };

  const arrange = (data, look, width) => {
    const isBars = ["bar", "stacked", "box"].includes(data.kind);
    const widest = Math.max(...data.categories.map((name) => measure(look, name)));
    const lying = isBars && (data.lying || (widest + 12) * data.categories.length > width - 60);
    const upright = data.kind === "week" && width < NARROW;
    const rows = data.kind === "bar" ? data.series.length * 14 + 14 : 30;
    const tall = { week: upright ? 24 * 20 + 82 : 7 * 32 + 92 }[data.kind] || (lying ? Math.min(TALLEST, data.categories.length * rows) + 70 : 270);
    return { lying, upright, body: tall, label: Math.min(widest + 4, Math.floor(width * 0.36)) };
  };

  const optionOf = (data, look, width, { lying, upright, label }) => {
    const across = lying || data.kind === "histogram";
    const direct = !across && width >= NARROW && data.benchmarks.length === 1;
    const legend = drawLegend(data, look, width, direct);
    const isWeek = data.kind === "week";
    const drawn = { line: drawLine, bar: drawBars, stacked: drawBars, box: drawBoxes, histogram: drawBins, week: drawWeek }[data.kind](data, look, upright);
    const axes = (() => {
      if (isWeek) {
        const hours = categoryAxis(data, look, { inverse: upright, axisLine: { show: false } });
        const days = categoryAxis({ categories: data.series.map((one) => one.name) }, look, { inverse: !upright, axisLine: { show: false }, position: upright ? "top" : "left" });
        return upright ? [days, hours] : [hours, days];
      }
      if (data.kind === "histogram") {
        const bins = { ...valueAxis(data, look, data.axis, width * 0.8), min: data.edges[0], max: data.edges.at(-1), minInterval: 0, splitLine: { show: false } };
        return [bins, valueAxis(data, look)];
      }
      const names = categoryAxis(data, look, { inverse: lying, axisLabel: lying ? { interval: 0, width: label, overflow: "truncate" } : {} });
      return lying ? [valueAxis(data, look, data.unit, width * 0.5), names] : [names, valueAxis(data, look)];
    })();
    const known = data.series.flatMap((one) => one.values.filter((value) => value !== null));
    const low = Math.min(0, ...known);
    const hasUnit = Boolean(data.unit) && !lying && !isWeek;
    const top = legend.rows * LEGEND_ROW + (legend.rows ? 6 : 0);
    return {
      animation: !still.matches && !print.matches, animationDuration: 300, animationDurationUpdate: 0,
      textStyle: { fontFamily: look.face, color: look.ink }, legend, xAxis: axes[0], yAxis: axes[1],
      title: { show: hasUnit, text: plain(data.unit), left: 0, top, padding: 0, textStyle: { color: look.quiet, fontSize: 13, fontWeight: 400, width: width - 20, overflow: "truncate" } },
      grid: { left: 4, right: 20, top: top + (hasUnit ? 28 : 8), bottom: isWeek ? 52 : 4 },
      visualMap: isWeek ? {
        type: "continuous", seriesIndex: 0, dimension: 2, min: low, max: Math.max(low + 1, ...known), orient: "horizontal", left: "center", bottom: 0, itemWidth: 12, itemHeight: 160, hoverLink: false,
        text: [`${Math.max(...known).toLocaleString(data.language)} ${data.unit}`, low.toLocaleString(data.language)], textStyle: { color: look.quiet, fontSize: 13 }, inRange: { color: [look["heat-low"], look["heat-high"]] },
      } : undefined,
      tooltip: {
        renderMode: "richText", confine: true, trigger: says[data.kind] ? "item" : "axis", axisPointer: { type: data.kind === "line" ? "line" : "shadow" },
        backgroundColor: look.paper, borderColor: look.edge, borderWidth: 1, transitionDuration: 0, textStyle: { color: look.ink, fontSize: 13, width: Math.min(360, width - 60), overflow: "break" },
        formatter: (shown) => (says[data.kind] || overCategory)(data, shown),
      },
      series: [...drawn, ...drawBenchmarks(data, look, across, direct)],
    };
  };

  const draw = (figure) => {
    const area = figure.querySelector(".chart-area");
    const data = JSON.parse(figure.dataset.chart);
    const look = readLook(figure);
    area.hidden = false;
    const width = print.matches ? Math.min(PAPER, area.clientWidth || PAPER) : area.clientWidth;
    const plan = arrange(data, look, width);
    const option = optionOf(data, look, width, plan);
    const height = option.grid.top + plan.body;
    area.style.height = `${height}px`; // the policy lets a script do what it forbids to the page's text
    const chart = echarts.getInstanceByDom(area) || echarts.init(area, null, { locale: data.language.toUpperCase(), width, height, devicePixelRatio: Math.max(2, devicePixelRatio) });
    chart.resize({ width, height });
    chart.setOption(option, { notMerge: true });
    chart.off("click");
    chart.on("click", (event) => { const link = linkOf(data, event); if (link) location.assign(link); });
  };

  const table = (figure) => figure.querySelector("details");
  const tryToDraw = (figure) => {
    try {
      draw(figure);
    } catch (error) { // the table says it all
      figure.querySelector(".chart-area").hidden = true;
      table(figure).open = true;
      reportError(error);
    }
  };
  const seen = new ResizeObserver((entries) => {
    for (const { target: figure, contentRect: { width } } of entries) {
      if (width === 0 || figure.drawnAt === width || print.matches) continue;
      if (!figure.drawnAt) table(figure).open = false;
      figure.drawnAt = width;
      tryToDraw(figure);
    }
  });
  const all = () => [...document.querySelectorAll("[data-chart]")].filter((figure) => figure.drawnAt);
  const start = (root) => {
    for (const figure of root.querySelectorAll("[data-chart]")) seen.observe(figure);
  };

  night.addEventListener("change", () => all().forEach(tryToDraw));
  print.addEventListener("change", () => all().forEach(tryToDraw));
  addEventListener("beforeprint", () => all().forEach((figure) => { figure.wasOpen = table(figure).open; table(figure).open = true; }));
  addEventListener("afterprint", () => all().forEach((figure) => { table(figure).open = figure.wasOpen; }));
  document.addEventListener("htmx:load", (event) => start(event.target.parentElement || document));
  start(document);
})();
