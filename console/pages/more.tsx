import { Icon } from '../parts/icons.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { administrationPages } from './administration.js';

/** The pages of the group Administration as a list, for screens whose navigation has no room for them. */
export function MorePage() {
  return (
    <Main title="Administration" class="narrow">
      <section class="card">
        <ul class="list more">
          {administrationPages.map(({ to, icon, title, about }) => (
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
            <a href="/docs">
              <Icon name="api" />
              <span>
                API
                <small>Every request of the HTTP API, to read and to try.</small>
              </span>
            </a>
          </li>
        </ul>
      </section>
    </Main>
  );
}
