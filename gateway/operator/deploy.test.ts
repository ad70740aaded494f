import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { packageRoot } from '../../schemas/load.js';
import { metrics } from './routes/metrics.js';

const read = (path: string): string => readFileSync(join(packageRoot, 'deploy', path), 'utf8');
const labels = new Map(metrics.map(({ name, label }) => [name, label]));

/** Checks that every metric of the gateway in the expression exists and has the labels that the expression uses. */
function checkExpression(expression: string): void {
  for (const [, name, selector = ''] of expression.matchAll(/\b(tidegate_\w+)(?:\{([^}]*)\})?/g)) {
    assert.ok(labels.has(name), `${name} of: ${expression}`);
    for (const [, label] of selector.matchAll(/(\w+)(?:=~|=|!=)"/g))
      assert.ok(label === 'instance' || label === labels.get(name), `${label} of ${name}`);
  }
}

test('the dashboard uses only metrics that exist, in panels that do not overlap', () => {
  const { panels } = JSON.parse(read('grafana/tidegate.json')) as {
    panels: { id: number; targets?: { expr: string }[]; gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(expressions.length > 25);
  for (const expression of expressions) checkExpression(expression);
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { x, y, w, h } of panels.map(({ gridPos }) => gridPos))
    for (let cell = 0; cell < w * h; cell++) {
      const place = `${x + (cell % w)} ${y + Math.floor(cell / w)}`;
      assert.ok(!taken.has(place) && x + w <= 24, place);
      taken.add(place);
    }
});

test('each alert uses only metrics that exist, and says what to do', () => {
  const { groups } = parse(read('prometheus/tidegate.rules.yml')) as {
    groups: {
      rules: { alert: string; expr: string; labels: object; annotations: { summary: string; action: string } }[];
    }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  for (const { alert, expr, annotations } of rules) {
    checkExpression(expr);
    assert.ok(annotations.summary.length > 0 && annotations.action.length > 0, alert);
  }
  // These need an alert: slow acks, the disk, the quarantine, the backlog of the bridge, storms.
  for (const name of ['AckSlow', 'DiskLow', 'QuarantineGrows', 'BridgeBehind', 'ConnectStorm', 'RefusedStorm'])
    assert.ok(
      rules.some(({ alert }) => alert === `Tidegate${name}`),
      name,
    );
});
