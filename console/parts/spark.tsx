const [width, height] = [120, 32];

/** A figure's last minutes; the figure itself stands beside it in words. */
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
