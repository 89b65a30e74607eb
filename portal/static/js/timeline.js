// The timeline by keyboard: left and right go along an instrument's time, up and down to the next one, at about the same hour.
// Without this file every free time is a plain link, reached with the Tab key.
"use strict";

(() => {
  const middle = (link) => {
    const box = link.getBoundingClientRect();
    return (box.left + box.right) / 2;
  };
  const linksOf = (row) => [...row.querySelectorAll("td > a")];

  const beside = (link, step) => {
    const links = linksOf(link.closest("tr"));
    return links[links.indexOf(link) + step];
  };

  const above = (link, step) => {
    let row = link.closest("tr");
    do row = step < 0 ? row.previousElementSibling : row.nextElementSibling;
    while (row && !linksOf(row).length);
    return row && linksOf(row).sort((a, b) => Math.abs(middle(a) - middle(link)) - Math.abs(middle(b) - middle(link)))[0];
  };

  const moves = { ArrowLeft: [beside, -1], ArrowRight: [beside, 1], ArrowUp: [above, -1], ArrowDown: [above, 1] };

  document.addEventListener("keydown", (event) => {
    const link = event.target.closest(".timeline td > a");
    const move = moves[event.key];
    if (!link || !move || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const next = move[0](link, move[1]);
    event.preventDefault();
    if (next) next.focus();
  });
})();
