const [width, height] = [120, 32];

/** A small line that shows how a figure moved. The figure itself stands beside it as text. */
export function Spark({ values }: { values: number[] }) {
  if (values.length < 2) return <svg class="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" />;
  const max = Math.max(...values) || 1;
  const points = values.map(
    (value, i) =>
      `${((i / (values.length - 1)) * width).toFixed(1)},${(height - 2 - (value / max) * (height - 4)).toFixed(1)}`,
  );
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} />
      <polyline points={points.join(' ')} />
    </svg>
  );
}
