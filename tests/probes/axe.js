// What axe-core, loaded before, finds wrong within a part of the page.
(part) => axe.run(part).then((found) => found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`))
