import logo from '/favicon.svg';

export function Header({ endpoint }) {
  return (
    <header className="playground-header">
      <img src={logo} alt="" width="24" height="24" />
      <h1>Tidegate</h1>
      <span>Commands write the log. Queries read its views.</span>
      <code>{endpoint}</code>
    </header>
  );
}
