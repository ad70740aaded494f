import { Icon } from '../parts/icons.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { addressOf } from '../session/base.js';
import { administrationPages } from './administration.js';

/** Other pages that a phone's navigation has no room for. */
export const behindMore = [
  { to: '/chart', icon: 'chart', title: 'Chart', about: 'Several metrics and devices in one chart.' },
  { to: '/map', icon: 'map', title: 'Map', about: 'Devices that send a position.' },
  { to: '/attempts', icon: 'attempts', title: 'Refused connections', about: 'Which devices were refused, and why.' },
] as const;

/** The pages that a phone's navigation has no room for, as a list. */
export function MorePage() {
  return (
    <Main title="More" class="narrow">
      <section class="card">
        <ul class="list more">
          {[...behindMore, ...administrationPages].map(({ to, icon, title, about }) => (
            <li key={to}>
              <Link to={to}>
                <Icon name={icon} />
                <span>
                  {title}
                  <small>{about}</small>
                </span>
              </Link>
            </li>
          ))}
          <li>
            <a href={addressOf('/docs')}>
              <Icon name="api" />
              <span>
                API
                <small>The HTTP API: read about each request, and try it.</small>
              </span>
            </a>
          </li>
        </ul>
      </section>
    </Main>
  );
}
